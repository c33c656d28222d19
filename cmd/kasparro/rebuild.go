package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/source"
)

type rebuildCommand struct {
	config.Flags

	Sources []string `arg:"" optional:"" name:"source" help:"Sources whose records are derived again; all if none is named."`
	JSON    bool     `name:"json" help:"Print one JSON object a line instead of a table."`
}

// Run derives the records of the sources again, one source after the other, and reports what has changed.
// A rebuild that was stopped is gone on with.
func (c *rebuildCommand) Run(ctx context.Context) error {
	cfg, err := c.Load()
	if err != nil {
		return err
	}
	all := sources(cfg, nil)
	picked, err := named(all, c.Sources)
	if err != nil {
		return err
	}
	var reports []rebuildReport
	patient := postgres.Pool{Name: "rebuild", MaxConns: 3} // each step of a rebuild has a deadline of its own
	err = inDatabase(ctx, cfg, patient, func(d *database, pool *bun.DB) error {
		if err := d.migrate(ctx); err != nil {
			return err
		}
		store := newStore(cfg, pool)
		if err := store.RegisterSources(ctx, describe(all)...); err != nil {
			return err
		}
		reports = rebuildAll(ctx, store, picked, newGauge(os.Stderr, quiet(cfg), time.Now))
		return nil
	})
	if err != nil {
		return err
	}
	if err := printRebuilds(os.Stdout, reports, c.JSON); err != nil {
		return err
	}
	if left := unfinished(reports); left != "" {
		fmt.Fprintf(os.Stderr, "stopped; this goes on from there: kasparro rebuild %s\n", left)
	}
	return rebuildVerdict(reports)
}

// rebuildReport is what a rebuild has done to one source.
type rebuildReport struct {
	Source     string `json:"source"`
	Status     string `json:"status"` // "done", "stopped" or "failed"
	Payloads   int64  `json:"payloads"`
	Changed    int64  `json:"changed"`  // records added, mended or taken away
	Rejected   int64  `json:"rejected"` // payloads that are refused now
	DurationMS int64  `json:"duration_ms"`
	Error      string `json:"error,omitempty"`
}

func rebuildAll(ctx context.Context, store *postgres.Store, picked []source.Source, g *gauge) []rebuildReport {
	ticker := time.NewTicker(gaugeEvery)
	defer ticker.Stop()
	defer g.start(ticker.C)()
	rebuilder := &ingest.Rebuilder{Store: store, Log: g.log, Batch: ingest.RebuildBatch, OnBatch: g.batch}
	reports := make([]rebuildReport, len(picked))
	for i, src := range picked {
		reports[i] = rebuildReport{Source: src.Name(), Status: "stopped"}
		if ctx.Err() != nil {
			continue
		}
		began := time.Now()
		total, err := store.PayloadsAbout(ctx, src.Name())
		var done market.Rebuild
		if err == nil {
			g.begin(src.Name(), total)
			done, err = rebuilder.Rebuild(ctx, src)
			g.end()
		}
		reports[i].fill(done, err, time.Since(began))
	}
	return reports
}

func (r *rebuildReport) fill(done market.Rebuild, err error, took time.Duration) {
	r.Payloads, r.Changed, r.Rejected, r.DurationMS = done.Payloads, done.Changed, done.Rejected, took.Milliseconds()
	switch {
	case errors.Is(err, context.Canceled):
	case err != nil:
		r.Status, r.Error = "failed", strings.Join(strings.Fields(err.Error()), " ")
	case done.FinishedAt != nil:
		r.Status = "done"
	}
}

func printRebuilds(w io.Writer, reports []rebuildReport, asJSON bool) error {
	if asJSON {
		out := json.NewEncoder(w)
		for _, r := range reports {
			if err := out.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rows, failed := "SOURCE\tSTATUS\tPAYLOADS\tCHANGED\tREJECTED\tTOOK\n", ""
	for _, r := range reports {
		took := time.Duration(r.DurationMS) * time.Millisecond
		rows += fmt.Sprintf("%s\t%s\t%d\t%d\t%d\t%s\n", r.Source, r.Status, r.Payloads, r.Changed, r.Rejected, took)
		if r.Error != "" {
			failed += r.Source + ": " + r.Error + "\n"
		}
	}
	if _, err := io.WriteString(t, rows); err != nil {
		return err
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, failed)
	return err
}

// unfinished names the sources that were stopped, for the next call.
func unfinished(reports []rebuildReport) string {
	var names []string
	for _, r := range reports {
		if r.Status == "stopped" {
			names = append(names, r.Source)
		}
	}
	return strings.Join(names, " ")
}

// rebuildVerdict turns the reports into the end of the program. To be stopped is no failure.
func rebuildVerdict(reports []rebuildReport) error {
	runs := make([]report, len(reports))
	for i, r := range reports {
		runs[i].Error = r.Error
	}
	return verdict(runs)
}
