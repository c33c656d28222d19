package main

import (
	"context"
	"fmt"
	"os"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/source"
)

type quarantineCommand struct {
	config.Flags

	List  quarantineList  `cmd:"" help:"Show rejected items, newest first."`
	Retry quarantineRetry `cmd:"" help:"Try again what waits, as a run of its own."`
}

type quarantineList struct {
	Sources []string `arg:"" optional:"" name:"source" help:"Sources to show; all if none is named."`
	Reason  []string `placeholder:"CODE" help:"Only those rejected for this reason; may be given again."`
	Limit   int      `default:"50" help:"How many at most."`
	JSON    bool     `name:"json" help:"Print one JSON object a line, with the payload, instead of a table."`
	All     bool     `help:"Show also those that have become records since."`
}

type quarantineRetry struct {
	Sources []string `arg:"" optional:"" name:"source" help:"Sources whose items to try; all if none is named."`
}

// Run shows what is in quarantine. It only reads.
func (l quarantineList) Run(ctx context.Context, all *commands) error {
	cfg, err := all.Quarantine.Load()
	if err != nil {
		return err
	}
	if _, err := named(sources(cfg, nil), l.Sources); err != nil {
		return err
	}
	if l.Limit < 1 {
		return usageError{fmt.Sprintf("--limit: %d is too few: 1 is the least", l.Limit)}
	}
	f := market.RejectionFilter{Sources: l.Sources, Codes: l.Reason}
	if waits := false; !l.All {
		f.Resolved = &waits
	}
	return inDatabase(ctx, cfg, bounded("quarantine", 8), func(d *database, pool *bun.DB) error {
		pending, err := pendingMigrations(ctx, pool)
		if err != nil {
			return err
		}
		if pending > 0 {
			return fmt.Errorf("%d migrations are not applied: `kasparro migrate up` applies them", pending)
		}
		store := newStore(cfg, pool)
		found, err := store.Rejections(ctx, f, market.Window[int64]{Size: l.Limit})
		if err != nil {
			return err
		}
		if l.JSON {
			return printRejectionsJSON(ctx, os.Stdout, store, found.Items)
		}
		return printRejections(os.Stdout, found)
	})
}

// Run tries again what waits in quarantine, source by source, side by side.
func (r quarantineRetry) Run(ctx context.Context, all *commands) error {
	cfg, err := all.Quarantine.Load()
	if err != nil {
		return err
	}
	picked, err := named(sources(cfg, nil), r.Sources) // nothing is asked of the upstreams
	if err != nil {
		return err
	}
	bar := newProgress(os.Stderr)
	var reports []report
	err = inDatabase(ctx, cfg, bounded("quarantine", 8), func(d *database, pool *bun.DB) error {
		if err := d.migrate(ctx); err != nil {
			return err
		}
		store := newStore(cfg, pool)
		runner := &ingest.Runner{Store: asStore(store), Log: quiet(cfg), Beat: postgres.Beat, OnPage: bar.page, Hooks: hooks(d.watch)}
		reports = runAll(picked, func(s source.Source) report {
			run, err := retryRejections(ctx, runner, store, s)
			return newReport(s.Name(), run, err)
		})
		return nil
	})
	bar.finish()
	if err != nil {
		return err
	}
	if err := printRetries(os.Stdout, reports); err != nil {
		return err
	}
	return verdict(reports)
}
