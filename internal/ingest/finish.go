package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// ending judges how the run ended.
func (a *attempt) ending(ctx context.Context, err error) market.RunEnd {
	end := market.RunEnd{Status: market.RunSucceeded}
	switch {
	case err != nil && ctx.Err() != nil:
		end.Status = market.RunInterrupted
	case err != nil && a.done.Pages > 0:
		end.Status, end.Error = market.RunPartial, oneLine(err)
	case err != nil:
		end.Status, end.Error = market.RunFailed, oneLine(err)
	case len(a.incomplete) > 0:
		end.Status, end.Error = market.RunPartial, strings.Join(a.incomplete, "; ")
	case a.src.Kind() == market.KindAPI && a.run.Stream == "" && a.done.Pages > 0 && a.done.Extracted == 0:
		end.Status, end.Error = market.RunPartial, emptyList
	}
	end.Effort = a.unstored.Add(spent(err))
	a.watch.judge(&end, a.done, err == nil)
	return end
}

// spent is what a request that failed has cost.
func spent(err error) (e market.Effort) {
	var counted interface {
		Effort() (retries, waits int64, waited time.Duration)
		Wasted() int64
	}
	if errors.As(err, &counted) {
		e.Retries, e.Waits, e.Waited = counted.Effort()
		e.Wasted = counted.Wasted()
	}
	return e
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// finish closes the run, as soon as the database lets it. Where the answer was lost, the run is
// found closed, and the ledger tells whether it was closed in these words.
func (a *attempt) finish(ctx context.Context, end market.RunEnd) (ended market.Run, err error) {
	ctx, cancel := outlasting(ctx, closeTimeout)
	defer cancel()
	brief := end
	brief.Drifts, brief.Shape, brief.ShapeGone = nil, nil, nil
	for told := false; ; told = true {
		if ended, err = a.Store.FinishRun(ctx, a.run.ID, end); err == nil || errors.Is(err, market.ErrFenced) {
			break
		}
		if !told {
			a.Log.ErrorContext(ctx, "a run cannot be closed, trying again", "run_id", market.GlobalID(market.IDRun, a.run.ID), "error", err)
		}
		if !passing(err) {
			end = brief // a full disk, say, has no room for all that there is to tell: the next run finds it as well
		}
		if !rest(ctx) {
			return ended, fmt.Errorf("%w; its own error: %s", err, cmp.Or(end.Error, "none"))
		}
	}
	if err == nil {
		return ended, nil
	}
	stored, readErr := a.stored(ctx)
	if readErr == nil && stored.Status == end.Status && stored.Error == end.Error {
		return stored, nil
	}
	return market.Run{}, errors.Join(err, readErr)
}

func (r *Runner) logEnd(ctx context.Context, run market.Run) {
	level := slog.LevelInfo
	if len(run.Anomalies) > 0 {
		level = slog.LevelWarn
	}
	if run.Error != "" {
		level = slog.LevelError
	}
	attrs := []any{
		"run_id", market.GlobalID(market.IDRun, run.ID), "source", run.Source, "status", strings.ToLower(string(run.Status)),
		"trigger", strings.ToLower(string(run.Trigger)), "extracted", run.Extracted, "inserted", run.Inserted,
		"updated", run.Updated, "unchanged", run.Unchanged, "rejected", run.Rejected, "pages", run.Pages, "retries", run.Retries,
		"waits", run.Waits, "waited_ms", run.WaitedMS, "bytes_fetched", run.BytesFetched,
		"duration_ms", run.Duration(time.Now()).Milliseconds(),
	}
	if run.Stream != "" {
		attrs = append(attrs, "stream", run.Stream)
	}
	if len(run.Anomalies) > 0 {
		attrs = append(attrs, "anomalies", run.Anomalies)
	}
	if run.Error != "" {
		attrs = append(attrs, "error", run.Error)
	}
	r.Log.Log(ctx, level, "run ended", attrs...)
}
