package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/sync/errgroup"

	"github.com/kasparro/kasparro/internal/backup"
	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/embedded"
	"github.com/kasparro/kasparro/internal/postgres"
)

type backupCommand struct {
	config.Flags

	File string `arg:"" optional:"" help:"Where to write it, - for the standard output; backups/kasparro-TIME.dump if not given."`
}

// manifest is what a backup says of itself.
type manifest struct {
	Program  string            `json:"program"` // version that made it
	MadeAt   time.Time         `json:"made_at"` // the moment that it shows
	Database string            `json:"database"`
	Contents postgres.Contents `json:"contents"`
}

// String sums a backup up.
func (m manifest) String() string {
	return fmt.Sprintf("%d rows in %d tables of %s at %s", m.Contents.Rows(), len(m.Contents.Tables), m.Database, m.MadeAt.Format(time.RFC3339))
}

// onStandard is the name of the standard input or output.
const onStandard = "-"

// Run makes a backup, whatever else runs.
func (c *backupCommand) Run(ctx context.Context) error {
	cfg, err := c.Load()
	if err != nil {
		return err
	}
	cfg.LogLevel = max(cfg.LogLevel, slog.LevelWarn) // a cron job says one line, or what is wrong
	if c.File == onStandard {
		_, _, err := makeBackup(ctx, cfg, os.Stdout)
		return err
	}
	if c.File == "" {
		c.File = filepath.Join("backups", "kasparro-"+time.Now().UTC().Format("20060102T150405Z")+".dump")
	}
	var made manifest
	var size int64
	err = writeWhole(c.File, func(to io.Writer) (err error) {
		made, size, err = makeBackup(ctx, cfg, to)
		return err
	})
	if err == nil {
		_, err = fmt.Printf("%s: %s, %s\n", c.File, megabytes(size), made)
	}
	return err
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// makeBackup writes a backup of the database in use. It is traced and measured by nobody: its statements are long by nature.
func makeBackup(ctx context.Context, cfg config.Config, to io.Writer) (made manifest, size int64, err error) {
	if _, err := os.Stat(embeddedDir(cfg)); cfg.Database.URL == "" && errors.Is(err, fs.ErrNotExist) {
		return manifest{}, 0, fmt.Errorf("there is nothing to back up: no PostgreSQL is embedded in %s, and DATABASE_URL and POSTGRES_HOST, which would name another, are not set", embeddedDir(cfg))
	}
	d, err := openDatabase(ctx, cfg, nil, logger(cfg))
	if err != nil {
		return manifest{}, 0, err
	}
	d.patience = longStop
	defer func() { err = errors.Join(err, d.Close()) }()
	db, err := d.openAt(d.direct, postgres.Pool{Name: "backup", MaxConns: 2})
	if err != nil {
		return manifest{}, 0, err
	}
	return writeBackup(ctx, d.direct, db, to)
}

// writeBackup has pg_dump write, while every table is summed up, what is in the database at one moment.
func writeBackup(ctx context.Context, url string, db *bun.DB, to io.Writer) (made manifest, size int64, err error) {
	snapshot, err := postgres.TakeSnapshot(ctx, db)
	if err != nil {
		return manifest{}, 0, err
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	made = manifest{Program: version, MadeAt: time.Now().UTC().Truncate(time.Second)}
	there := snapshot.Catalogue()
	if len(there.Migrations) == 0 {
		return manifest{}, 0, errors.New("there is nothing to back up: this database holds nothing of Kasparro")
	}
	programs, err := backup.Find(ctx, embedded.SearchPlaces(), there.Server)
	if err != nil {
		return manifest{}, 0, err
	}
	file := backup.NewWriter(to)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return programs.Dump(ctx, url, snapshot.ID, file) })
	g.Go(func() (err error) { made.Contents, err = snapshot.Contents(ctx); return err })
	if err := g.Wait(); err != nil {
		return manifest{}, 0, err
	}
	if made.Database, err = postgres.DatabaseName(url); err != nil {
		return manifest{}, 0, err
	}
	text, err := json.Marshal(made)
	if err != nil {
		return manifest{}, 0, err
	}
	size, err = file.Finish(text)
	return made, size, err
}

// writeWhole makes a file that is there only when it is whole and on the disk, and that nobody else may read. One that is there
// already is left alone.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s is there already, and no backup is ever overwritten", path), err)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, filepath.Base(path)+".*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close() // again, it may be
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := write(file); err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
