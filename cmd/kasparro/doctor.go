package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/schedule"
	"github.com/kasparro/kasparro/internal/source"
)

type doctorCommand struct {
	config.Flags

	Ready bool `help:"Only ask the service that runs on HOST and PORT whether it is ready: a health check for containers."`
}

// probeTimeout bounds the look at one source.
const probeTimeout = 20 * time.Second

// diagnosis counts what is wrong, and prints what it finds as it goes.
type diagnosis struct{ sick int }

func (d *diagnosis) note(what string, err error, fine, mend string) {
	if err == nil {
		fmt.Printf("ok    %-14s %s\n", what, fine)
		return
	}
	d.sick++
	fmt.Printf("FAIL  %-14s %s\n", what, err)
	if mend != "" {
		fmt.Printf("      %-14s %s\n", "", mend)
	}
}

// warn tells of what works for now.
func (d *diagnosis) warn(what, wrong, mend string) {
	fmt.Printf("warn  %-14s %s\n      %-14s %s\n", what, wrong, "", mend)
}

// Run checks everything that serve needs and says how to mend what is wrong.
func (c *doctorCommand) Run(ctx context.Context) error {
	d := &diagnosis{}
	cfg, err := c.Load()
	d.note("configuration", err, "every setting is understood", "")
	if err != nil {
		return config.ErrInvalid
	}
	if c.Ready {
		d.note("service", askReady(ctx, cfg), "it is ready", "its log says why")
	} else {
		d.checkAll(ctx, cfg)
	}
	if d.sick > 0 {
		return fmt.Errorf("%d of the checks failed", d.sick)
	}
	return nil
}

// checkAll looks at the database, and through it at the sources: what is asked of them counts.
func (d *diagnosis) checkAll(ctx context.Context, cfg config.Config) {
	d.strangers(ctx, cfg)
	db, err := openDatabase(ctx, cfg, nil, quiet(cfg))
	store := d.database(ctx, db, err)
	d.key(ctx, cfg, store)
	if store != nil {
		d.replicas(ctx, db, cfg)
	}
	for _, s := range sources(cfg, store) {
		d.source(ctx, s)
	}
	if db != nil {
		if err := db.Close(); err != nil {
			d.note("database", err, "", "")
		}
	}
	for _, b := range budgets(cfg) {
		d.budget(b, cfg, time.Now())
	}
}

// database returns a store where the database is one to work with, and otherwise nil.
func (d *diagnosis) database(ctx context.Context, db *database, err error) *postgres.Store {
	var pool *bun.DB
	var pending int
	if err == nil {
		pool, err = db.pool("doctor", 3)
	}
	if err == nil {
		pending, err = pendingMigrations(ctx, pool)
	}
	d.note("database", err, "it answers", "start it, or check DATABASE_URL or POSTGRES_*; without either, `make postgres` installs what the embedded one needs")
	if err != nil {
		return nil
	}
	if pending > 0 {
		d.note("schema", fmt.Errorf("%d migrations are not applied", pending), "", "`kasparro migrate up` applies them, and so does `kasparro serve`")
		return nil
	}
	d.note("schema", nil, "up to date", "")
	wrong, err := postgres.Settings(ctx, pool)
	if err != nil {
		d.note("settings", err, "", "")
	}
	for _, s := range wrong {
		d.warn("settings", fmt.Sprintf("%s is %s: %s", s.Name, s.Value, s.Why), "as an administrator of the database, run "+s.Mend)
	}
	return postgres.New(pool, nil)
}

// key looks for one in the settings and in the database; store is nil where that is not one to work with.
func (d *diagnosis) key(ctx context.Context, cfg config.Config, store *postgres.Store) {
	err := cfg.RequireKey()
	if err != nil && store != nil {
		if kept, wrong := store.LiveKeys(ctx); wrong == nil && len(kept) > 0 {
			err = nil
		}
	}
	d.note("key", err, "clients need a key, and there is one", "")
}

func pendingMigrations(ctx context.Context, pool *bun.DB) (pending int, err error) {
	steps, err := postgres.Migrations(ctx, pool)
	for _, s := range steps {
		switch {
		case s.Newer:
			return pending, fmt.Errorf("%w: it has %s; run the version that made it", postgres.ErrNewer, s.Name)
		case !s.Applied:
			pending++
		}
	}
	return pending, err
}

// source reads the first page of a source.
func (d *diagnosis) source(ctx context.Context, s source.Source) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	for page, err := range s.Extract(ctx, "") {
		if err == nil && page.Incomplete != "" {
			err = errors.New(page.Incomplete)
		}
		b := ingest.Normalise(s.Name(), page)
		d.note(s.Name(), err, fmt.Sprintf("%d items on the first page, %d of them to be rejected", len(page.Items), len(b.Rejections)),
			"check the address and the key in the configuration, and the network")
		return
	}
	d.note(s.Name(), nil, "it has nothing to say", "")
}

// budget warns where the schedule asks an API for more than there is.
func (d *diagnosis) budget(b budget, cfg config.Config, now time.Time) {
	table, err := schedule.NewTimetable(cfg.Schedules(b.source))
	if err != nil {
		d.note("schedule", err, "", "")
		return
	}
	if wrong, mend := b.overspent(table, now); wrong != "" {
		d.warn(b.source, wrong, mend)
	}
}
