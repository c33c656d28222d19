// Package postgres holds all the SQL: it stores what ingestion commits and answers every question
// of market.Reader.
package postgres

import (
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
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(p.MaxConns)
	db.SetMaxIdleConns(p.MaxConns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return bun.NewDB(db, pgdialect.New()), nil
}
