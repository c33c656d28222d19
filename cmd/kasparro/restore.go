package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/kasparro/kasparro/internal/backup"
	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/embedded"
	"github.com/kasparro/kasparro/internal/postgres"
)

type restoreCommand struct {
	config.Flags

	File  string `arg:"" optional:"" help:"A backup that kasparro backup has made, - for the standard input."`
	Check bool   `help:"Only read the file and say what is in it and whether it is whole."`
	Drop  string `placeholder:"NAME" help:"Only drop a database that an earlier restore has kept."`
}

// Run puts the database of a backup in the place of the one that is there.
func (c *restoreCommand) Run(ctx context.Context) error {
	cfg, err := c.Load()
	if err != nil {
		return err
	}
	cfg.LogLevel = max(cfg.LogLevel, slog.LevelWarn)
	if (c.File == "") == (c.Drop == "") || (c.Check && c.Drop != "") {
		return usageError{"FILE: name the backup to restore, or with --drop a database, and not both"}
	}
	if c.Check {
		return c.check()
	}
	return inExchange(ctx, cfg, func(e *postgres.Exchange) error {
		if c.Drop != "" {
			return e.Drop(ctx, c.Drop)
		}
		return c.restore(ctx, e)
	})
}

// inExchange opens the server of the database, whether that is there or not, for as long as it is exchanged.
func inExchange(ctx context.Context, cfg config.Config, use func(*postgres.Exchange) error) (err error) {
	d, err := openDatabase(ctx, cfg, nil, logger(cfg))
	if err != nil {
		return err
	}
	d.patience = longStop
	defer func() { err = errors.Join(err, d.Close()) }()
	e, err := postgres.BeginExchange(ctx, d.direct, time.Now())
	if errors.Is(err, postgres.ErrInUse) {
		return fmt.Errorf("%w. Nothing was changed. Stop whatever uses it first: `make down` ends what `make up` has started, `systemctl stop kasparro` the unit", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	return use(e)
}

// check says what is in a file.
func (c *restoreCommand) check() error {
	from, err := c.open()
	if err != nil {
		return err
	}
	defer from.Close()
	m, size, err := c.read(from, io.Discard)
	if err == nil {
		_, err = fmt.Printf("%s: %s, %s\n", c.File, megabytes(size), m)
	}
	return err
}

func (c *restoreCommand) open() (*os.File, error) {
	if c.File == onStandard {
		return os.Stdin, nil
	}
	return os.Open(c.File)
}

// read reads a backup to its end.
func (c *restoreCommand) read(from io.Reader, dump io.Writer) (manifest, int64, error) {
	text, size, err := backup.Read(from, dump)
	if err != nil {
		return manifest{}, size, fmt.Errorf("%s: %w", c.File, err)
	}
	m, err := c.understand(text)
	return m, size, err
}

// understand reads a manifest, and refuses what this program does not know.
func (c *restoreCommand) understand(text []byte) (m manifest, err error) {
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s: the manifest cannot be read: %w", c.File, err)
	}
	unknown, err := postgres.UnknownMigrations(m.Contents.Migrations)
	if err == nil && len(unknown) > 0 {
		err = fmt.Errorf("%s: it was made by a newer program (%s, this is %s), with a schema that this one does not know (migrations %v): upgrade first", c.File, m.Program, version, unknown)
	}
	return m, err
}

// restore restores beside the database that is there, holds the result to what the backup says, and only then exchanges the two.
func (c *restoreCommand) restore(ctx context.Context, e *postgres.Exchange) (err error) {
	from, err := c.open()
	if err != nil {
		return err
	}
	defer from.Close()
	if c.File != onStandard { // it is read twice, so that nothing is begun with what is not whole
		if _, _, err := c.read(from, io.Discard); err != nil {
			return err
		}
		if _, err := from.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	if err := e.Create(ctx); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("%w. Nothing was changed", err), e.Abandon(context.WithoutCancel(ctx)))
		}
	}()
	m, err := c.fill(ctx, e, from)
	if err != nil {
		return err
	}
	return exchange(ctx, e, m)
}

// fill restores into the new database.
func (c *restoreCommand) fill(ctx context.Context, e *postgres.Exchange, from io.Reader) (m manifest, err error) {
	server, err := e.Server(ctx)
	if err != nil {
		return m, err
	}
	programs, err := backup.Find(ctx, embedded.SearchPlaces(), server)
	if err != nil {
		return m, err
	}
	text, _, err := programs.Restore(ctx, e.URL(e.New), from)
	if err != nil {
		return m, fmt.Errorf("%s: %w", c.File, err)
	}
	if m, err = c.understand(text); err != nil {
		return m, err
	}
	if err := compare(ctx, e.URL(e.New), m.Contents); err != nil {
		return m, fmt.Errorf("%s: %w", c.File, err)
	}
	return m, nil
}
