package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/embedded"
	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/telemetry"
)

// stopTimeout bounds the end of the embedded PostgreSQL, and longStop where it has much to write down, as after a restore.
const (
	stopTimeout = 2 * time.Second
	longStop    = 2 * time.Minute
)

// statementTimeout bounds each statement of the API and of ingestion.
const statementTimeout = 30 * time.Second

// database is the PostgreSQL in use: the embedded one, or another that is only connected to.
type database struct {
	url      string
	direct   string           // the same without a pooler between
	embedded *embedded.Server // nil where the database is not ours
	pools    []*bun.DB
	router   *postgres.Router     // nil where all is read from the primary
	watch    *telemetry.Telemetry // is told of every statement; nil where nobody is
	patience time.Duration        // stopTimeout where it is 0
}

// embeddedDir is where the embedded PostgreSQL is, or would be.
func embeddedDir(c config.Config) string { return filepath.Join(c.DataDir, "postgres") }

// openDatabase starts the embedded PostgreSQL unless the configuration names another.
func openDatabase(ctx context.Context, c config.Config, t *telemetry.Telemetry, log *slog.Logger) (*database, error) {
	if c.Database.URL != "" {
		url, direct := c.Database.URL.Reveal(), c.Database.DirectURL.Reveal()
		return &database{url: url, direct: cmp.Or(direct, url), watch: t}, nil
	}
	server, err := embedded.Start(ctx, embedded.Options{Dir: embeddedDir(c), Log: log})
	if err != nil && ctx.Err() != nil { // whatever it says, it was told to stop
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	url := server.URL("kasparro")
	return &database{url: url, direct: url, embedded: server, watch: t}, nil
}

// inDatabase opens the database with a pool for as long as a command uses it.
func inDatabase(ctx context.Context, cfg config.Config, p postgres.Pool, use func(*database, *bun.DB) error) (err error) {
	log := quiet(cfg)
	t, err := newTelemetry(ctx, cfg, nil, log)
	if err != nil {
		return err
	}
	defer t.Close()
	d, err := openDatabase(ctx, cfg, t, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	pool, err := d.open(p)
	if err != nil {
		return err
	}
	return use(d, pool)
}

// bounded is a pool for the API or for ingestion.
func bounded(name string, conns int) postgres.Pool {
	return postgres.Pool{Name: name, MaxConns: conns, Deadline: statementTimeout}
}

// serving is what a service works with.
type serving struct {
	own    *bun.DB               // for what it does of its own accord
	reader market.Reader         // of what is asked of it, with pools of its own
	watch  func(context.Context) // looks after the reader until ctx ends
	keys   *keyDesk
}

// toServe opens the pools of a service. They are closed with the database.
func (d *database) toServe(cfg config.Config, log *slog.Logger) (s serving, err error) {
	api, err := d.pool("api", apiConns)
	if err != nil {
		return serving{}, err
	}
	if s.own, err = d.pool("ingest", 8); err != nil {
		return serving{}, err
	}
	if s.reader, s.watch, err = d.reader(cfg, api, log); err != nil {
		return serving{}, err
	}
	s.keys, err = d.keys(cfg)
	return s, err
}

// pool opens such a pool. It is closed with the database.
func (d *database) pool(name string, conns int) (*bun.DB, error) { return d.open(bounded(name, conns)) }

// migrating is the pool for changing the schema, which may take its time.
var migrating = postgres.Pool{Name: "migrate", MaxConns: 3}

// migrator opens a pool for changing the schema. It is closed with the database.
func (d *database) migrator() (*bun.DB, error) {
	return d.openAt(d.direct, migrating)
}

func (d *database) open(p postgres.Pool) (*bun.DB, error) { return d.openAt(d.url, p) }

func (d *database) openAt(url string, p postgres.Pool) (*bun.DB, error) {
	if d.watch != nil {
		p.Hook = d.watch.Statements(p.Name)
	}
	db, err := postgres.Open(url, p)
	if err != nil {
		return nil, err
	}
	if d.watch != nil {
		d.watch.Pool(p.Name, db.DB)
	}
	d.pools = append(d.pools, db)
	return db, nil
}

// migrate brings the schema up to date.
func (d *database) migrate(ctx context.Context) error {
	db, err := postgres.Open(d.direct, migrating)
	if err != nil {
		return err
	}
	_, err = postgres.MigrateUp(ctx, db)
	return errors.Join(err, db.Close())
}

// Close closes the pools and stops the embedded PostgreSQL.
func (d *database) Close() error {
	var errs []error
	if d.router != nil {
		errs = append(errs, d.router.Close())
	}
	for _, p := range d.pools {
		errs = append(errs, p.Close())
	}
	if d.embedded != nil {
		ctx, cancel := context.WithTimeout(context.Background(), cmp.Or(d.patience, stopTimeout))
		defer cancel()
		errs = append(errs, d.embedded.Stop(ctx))
	}
	return errors.Join(errs...)
}

// newStore makes the store over a pool.
func newStore(cfg config.Config, pool *bun.DB) *postgres.Store {
	store := postgres.New(pool, identity.Resolve)
	store.ConsensusAge = cfg.ConsensusMaxAge
	return store
}
