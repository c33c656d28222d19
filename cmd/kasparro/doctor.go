package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/source"
)

type doctorCommand struct {
	config.Flags
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

// Run checks everything that serve needs and says how to mend what is wrong.
func (c *doctorCommand) Run(ctx context.Context) error {
	d := &diagnosis{}
	cfg, err := c.Load()
	d.note("configuration", err, "every setting is understood", "")
	if err != nil {
		return config.ErrInvalid
	}
	d.note("key", cfg.RequireKey(), "clients need a key, and there is one", "")
	d.database(ctx, cfg)
	for _, s := range sources(cfg) {
		d.source(ctx, s)
	}
	if d.sick > 0 {
		return fmt.Errorf("%d of the checks failed", d.sick)
	}
	return nil
}

func (d *diagnosis) database(ctx context.Context, cfg config.Config) {
	pending, err := pendingMigrations(ctx, cfg)
	d.note("database", err, "it answers", "start it, or check DATABASE_URL or POSTGRES_*; without either, `make postgres` installs what the embedded one needs")
	if err == nil && pending > 0 {
		d.note("schema", fmt.Errorf("%d migrations are not applied", pending), "", "`kasparro migrate up` applies them, and so does `kasparro serve`")
	} else if err == nil {
		d.note("schema", nil, "up to date", "")
	}
}

func pendingMigrations(ctx context.Context, cfg config.Config) (pending int, err error) {
	db, err := openDatabase(ctx, cfg, quiet(cfg))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	pool, err := db.pool("doctor", 3)
	if err != nil {
		return 0, err
	}
	steps, err := postgres.Migrations(ctx, pool)
	for _, s := range steps {
		if !s.Applied {
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
