package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/source"
)

type ingestCommand struct {
	config.Flags
	stretch

	Sources []string `arg:"" optional:"" name:"source" help:"Sources to run; all if none is named."`
	JSON    bool     `name:"json" help:"Print one JSON object a line instead of a table."`
	DryRun  bool     `name:"dry-run" help:"Extract and judge, from the beginning, and store nothing."`
}

// Run runs the sources once, side by side, and reports how each went.
func (c *ingestCommand) Run(ctx context.Context) error {
	cfg, err := c.Load()
	if err != nil {
		return err
	}
	picked, err := named(sources(cfg, nil), c.Sources)
	if err != nil {
		return err
	}
	if picked, err = c.check(picked, len(c.Sources) > 0, time.Now()); err != nil {
		return err
	}
	bar := newProgress(os.Stderr)
	var reports []report
	if c.DryRun {
		if picked, err = c.dryPast(ctx, cfg, picked); err != nil {
			return err
		}
		reports = runAll(picked, func(s source.Source) report { return dryRun(ctx, s, bar) })
	} else if reports, err = c.store(ctx, cfg, picked, bar); err != nil {
		return err
	}
	bar.finish()
	if err := print(os.Stdout, reports, c.JSON); err != nil {
		return err
	}
	return verdict(reports)
}

func (c *ingestCommand) store(ctx context.Context, cfg config.Config, picked []source.Source, bar *progress) (reports []report, err error) {
	err = inDatabase(ctx, cfg, bounded("ingest", 8), func(d *database, pool *bun.DB) error {
		if err := d.migrate(ctx); err != nil {
			return err
		}
		store := newStore(cfg, pool)
		picked, err := named(sources(cfg, store), sourceNames(picked))
		if err != nil {
			return err
		}
		picked, streams, err := c.past(ctx, store, picked)
		if err != nil {
			return err
		}
		log := quiet(cfg)
		defer context.AfterFunc(ctx, func() { log.Info("stopping after the page in hand") })()
		runner := &ingest.Runner{Store: asStore(store), Log: log, Beat: postgres.Beat, OnPage: bar.page, Hooks: hooks(d.watch)}
		reports = runAll(picked, func(s source.Source) report {
			run, err := runner.Run(ctx, s, ingest.Request{Stream: streams[s.Name()], Trigger: market.TriggerManual})
			r := newReport(s.Name(), run, err)
			r.Note = fetchedBefore(ctx, store, run)
			return r
		})
		return nil
	})
	return reports, err
}

// quiet is the log of a command that shows on a terminal by itself how it gets on, unless more is asked
// for. Where nobody looks, the log tells.
func quiet(cfg config.Config) *slog.Logger {
	if cfg.LogLevel == slog.LevelInfo && term.IsTerminal(int(os.Stderr.Fd())) {
		cfg.LogLevel = slog.LevelError + 1
	}
	return logger(cfg)
}

func runAll(picked []source.Source, run func(source.Source) report) []report {
	reports := make([]report, len(picked))
	var g errgroup.Group
	for i, s := range picked {
		g.Go(func() error {
			reports[i] = run(s)
			return nil
		})
	}
	_ = g.Wait() // none of them returns an error: reports hold what went wrong
	return reports
}

// dryRun extracts and judges a source from its beginning and stores nothing.
func dryRun(ctx context.Context, s source.Source, bar *progress) report {
	started := time.Now()
	var so market.Counters
	r := report{Source: s.Name(), Status: "dry_run"}
	for page, err := range s.Extract(ctx, "") {
		if err != nil {
			r.Status, r.Error = "failed", err.Error()
			break
		}
		b := ingest.Normalise(s.Name(), page)
		r.Anomalies = append(r.Anomalies, page.Warnings...)
		so = so.Add(market.Counters{
			Extracted: int64(len(page.Items)), Rejected: int64(len(b.Rejections)), Pages: 1,
			Retries: page.Retries, Waits: page.Waits, WaitedMS: page.Waited.Milliseconds(), BytesFetched: page.Bytes,
		})
		bar.page(s.Name(), ingest.Progress{Counters: so, Share: page.Share, Elapsed: time.Since(started)})
	}
	r.Counters, r.DurationMS = so, time.Since(started).Milliseconds()
	return r
}

// verdict turns the reports into the end of the program.
func verdict(reports []report) error {
	failed := 0
	for _, r := range reports {
		if r.Error != "" {
			failed++
		}
	}
	switch {
	case failed == 0:
		return nil
	case failed == len(reports) && !anyPartial(reports):
		return fmt.Errorf("%d of %d sources failed", failed, len(reports))
	}
	return errPartial
}

func anyPartial(reports []report) bool {
	for _, r := range reports {
		if r.Status == "partial" {
			return true
		}
	}
	return false
}

func print(w io.Writer, reports []report, asJSON bool) error {
	if !asJSON {
		return printTable(w, reports)
	}
	out := json.NewEncoder(w)
	for _, r := range reports {
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}
