// Package postgres holds all the SQL: it stores what ingestion commits and answers every question
// of market.Reader.
package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// Pool is what one user of the database may take of it. API reads and ingestion have a pool each,
// so that neither can starve the other.
type Pool struct {
	Name     string // shown in pg_stat_activity
	MaxConns int
	// Deadline bounds each statement, the wait for a connection included, and twice of it each
	// transaction; 0 for none. What takes longer loses its connection, which the server looks
	// for every two seconds (see migrations/0004_streams): then it gives the statement up as well.
	Deadline time.Duration

	connected func(context.Context, *pgx.Conn) error // refuses a new connection; nil takes all
	Hook      bun.QueryHook                          // where set, is told of each statement
}

// Open makes a pool of connections to the database at url. It connects on first use, not here.
//
// Arguments are written into the statements by bun, and statements are sent by the simple
// protocol: nothing is prepared under a name, so that a transaction pooler may stand between.
func Open(url string, p Pool) (*bun.DB, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	cfg.RuntimeParams["application_name"] = "kasparro " + p.Name
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	var options []stdlib.OptionOpenDB
	if p.connected != nil {
		options = append(options, stdlib.OptionAfterConnect(p.connected))
	}
	db := stdlib.OpenDB(*cfg, options...)
	db.SetMaxOpenConns(p.MaxConns)
	db.SetMaxIdleConns(p.MaxConns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	pool := bun.NewDB(db, pgdialect.New())
	if p.Deadline > 0 {
		pool = pool.WithQueryHook(deadline(p.Deadline))
	}
	if p.Hook != nil {
		pool = pool.WithQueryHook(p.Hook)
	}
	return pool, nil
}

// deadline gives each statement a deadline. It is a hook, and neither a setting of the session, which
// a transaction pooler would hand to others, nor one of the database, which would cut off backups.
type deadline time.Duration

// BeforeQuery implements bun.QueryHook. A transaction lives by the context that it begins with.
func (d deadline) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	after := time.Duration(d)
	if e.Query == "BEGIN" {
		after *= 2
	}
	ctx, cancel := context.WithTimeout(ctx, after)
	context.AfterFunc(ctx, cancel) // not sooner: rows are still to be read
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (d deadline) AfterQuery(context.Context, *bun.QueryEvent) {}
