package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/postgres"
)

type migrateCommand struct {
	config.Flags

	Up     migrateUp     `cmd:"" help:"Apply what is not applied yet."`
	Down   migrateDown   `cmd:"" help:"Take the newest step back; the data in what it made is lost."`
	Status migrateStatus `cmd:"" help:"Show every step and whether it is applied."`
}

type (
	migrateUp     struct{}
	migrateDown   struct{}
	migrateStatus struct{}
)

// Run applies migrations.
func (migrateUp) Run(ctx context.Context, all *commands) error {
	return all.Migrate.do(ctx, "applied", postgres.MigrateUp)
}

// Run takes migrations back.
func (migrateDown) Run(ctx context.Context, all *commands) error {
	return all.Migrate.do(ctx, "taken back", postgres.MigrateDown)
}

// Run lists migrations.
func (migrateStatus) Run(ctx context.Context, all *commands) error {
	return all.Migrate.with(ctx, func(db *bun.DB) error {
		steps, err := postgres.Migrations(ctx, db)
		for _, s := range steps {
			state := "pending"
			switch {
			case s.Newer:
				state = "newer"
			case s.Applied:
				state = "applied"
			}
			fmt.Printf("%-8s %s\n", state, s.Name)
		}
		return err
	})
}

func (c *migrateCommand) do(ctx context.Context, done string, change func(context.Context, *bun.DB) ([]string, error)) error {
	return c.with(ctx, func(db *bun.DB) error {
		names, err := change(ctx, db)
		for _, n := range names {
			fmt.Println(done, n)
		}
		if err == nil && len(names) == 0 {
			fmt.Println("nothing to do")
		}
		return err
	})
}

func (c *migrateCommand) with(ctx context.Context, use func(*bun.DB) error) (err error) {
	cfg, err := c.Load()
	if err != nil {
		return err
	}
	d, err := openDatabase(ctx, cfg, nil, logger(cfg))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	db, err := d.migrator()
	if err != nil {
		return err
	}
	return use(db)
}
