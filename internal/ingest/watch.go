package ingest

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// mostCoins is how many coins a run tells apart: no list of coins is as long, but a file may name as many
// as it has rows.
const mostCoins = 100_000

// watch looks at what a run extracts, for the run to be judged at its end. It holds an entry for each
// coin, within bounds, and none for each item.
type watch struct {
	kind     string
	run      market.Run
	began    time.Time
	known    market.Baseline
	first    bool // it has met the first page of a list
	census   Census
	met      map[string]struct{} // external ids
	moves    []float64           // how far each price known before has moved
	warnings []string
	so       atomic.Pointer[Progress]
	since    *Progress // behind the first page
}

func newWatch(kind string, run market.Run) *watch {
	w := &watch{kind: kind, run: run, began: time.Now(), met: map[string]struct{}{}}
	w.so.Store(&Progress{})
	return w
}

// page takes note of what was extracted, whether it can be stored or not.
func (w *watch) page(p source.Page, b market.Batch) {
	w.warnings, w.first = append(w.warnings, p.Warnings...), w.first || p.First
	for i := range p.Items {
		if item := &p.Items[i]; w.kind == market.KindAPI || item.Problem == nil || item.Amounts != (source.Amounts{}) {
			w.census.Add(p.Part, item.Payload)
		} // else a line that is no row: what it is kept as is our own shape
	}
	for i := range b.Observations {
		o := &b.Observations[i]
		if _, again := w.met[o.ExternalID]; again || len(w.met) == mostCoins {
			continue
		}
		w.met[o.ExternalID] = struct{}{}
		if before := w.known.Prices[o.ExternalID]; before > 0 {
			w.moves = append(w.moves, math.Abs(o.PriceUSD.InexactFloat64()/before-1))
		}
	}
}

// advance notes how far the run has come.
func (w *watch) advance(done market.Counters, share float64) Progress {
	so := Progress{Counters: done, Share: share, Elapsed: time.Since(w.began), Since: w.since}
	if w.since == nil {
		w.since = &so
	}
	w.so.Store(&so)
	return so
}

// judge adds to the end of the run what it was like: its vitals, what is odd about it, and what has
// changed in the shape of the payloads.
func (w *watch) judge(end *market.RunEnd, done market.Counters, reachedEnd bool) {
	end.Vitals = w.vitals(reachedEnd && w.first && w.run.Stream == "")
	end.Anomalies = slices.Concat(w.warnings, anomalies(findings{
		Counters: done, Vitals: end.Vitals, duration: time.Since(w.began), compared: len(w.moves),
		live: w.kind == market.KindAPI && w.run.Stream == "", tried: w.run.Stream == market.StreamQuarantine,
	}, w.known))
	if w.run.Stream == market.StreamQuarantine { // the items are of all times
		return
	}
	j := w.census.Judge(w.run, w.known.Shape, end.Whole)
	end.Drifts, end.Shape, end.ShapeGone = j.Drifts, j.Shape, j.Gone
}

func (w *watch) vitals(whole bool) market.Vitals {
	v := market.Vitals{Whole: whole, Coins: int64(len(w.met))}
	if len(w.moves) > 0 {
		jump := median(w.moves)
		v.PriceJump = &jump
	}
	if whole && len(w.known.Prices) > 0 {
		gone := 0
		for id := range w.known.Prices {
			if _, ok := w.met[id]; !ok {
				gone++
			}
		}
		share := float64(gone) / float64(len(w.known.Prices))
		v.GoneShare = &share
	}
	return v
}

// median returns the middle of the values, which must not be empty.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// warn tells the log what a person should look at.
func (w *watch) warn(ctx context.Context, log *slog.Logger, end market.RunEnd) {
	run := market.GlobalID(market.IDRun, w.run.ID)
	for _, text := range w.warnings {
		log.WarnContext(ctx, "understood, but look at it", "run_id", run, "source", w.run.Source, "warning", text)
	}
	for _, d := range end.Drifts {
		attrs := []any{"run_id", run, "source", d.Source, "kind", d.Kind, "path", d.Path, "expected", d.Expected, "seen", d.Seen}
		if d.Part != "" {
			attrs = append(attrs, "part", d.Part)
		}
		if d.RenameCandidate != "" {
			attrs = append(attrs, "probably_renamed_to", d.RenameCandidate, "confidence", d.Confidence)
		}
		log.WarnContext(ctx, "the shape of payloads has changed", attrs...)
	}
}
