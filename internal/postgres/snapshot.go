package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
)

// Snapshot is a database as it was at one moment, for as long as it is held: of all who ask by its ID, on connections of
// their own. Nobody waits for it, and no more than the dropping of expired payloads is put off.
type Snapshot struct {
	ID       string
	tx       bun.Tx
	contents Contents
}

// settled are the settings that a snapshot is read with: a row looks the same as text whatever server, database or user say,
// names have their schemas, and nothing is cut off because it takes long or waits for whoever makes a dump meanwhile.
const settled = `
SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '1min';
SET LOCAL search_path = ''; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, MDY'; SET LOCAL IntervalStyle = 'postgres';
SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL row_security = off; SET LOCAL quote_all_identifiers = off`

// TakeSnapshot takes a snapshot of the database of a pool. The tables are locked against being dropped before it is taken, or
// one of them could be gone before anybody has read it.
func TakeSnapshot(ctx context.Context, db *bun.DB) (_ *Snapshot, err error) {
	var tables []string
	if err := db.NewRaw("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables n WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema'").Scan(ctx, &tables); err != nil {
		return nil, fmt.Errorf("list tables: %w", unavailable(err))
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("take a snapshot: %w", unavailable(err))
	}
	s := &Snapshot{tx: tx}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("take a snapshot: %w", unavailable(err)), s.Close())
		}
	}()
	if _, err := tx.ExecContext(ctx, settled); err != nil {
		return nil, err
	}
	if len(tables) > 0 {
		if _, err := tx.ExecContext(ctx, "LOCK TABLE "+strings.Join(tables, ", ")+" IN ACCESS SHARE MODE"); err != nil {
			return nil, err
		}
	}
	if err := tx.NewRaw("SELECT pg_export_snapshot()").Scan(ctx, &s.ID); err != nil {
		return nil, err
	}
	s.contents, err = readCatalogue(ctx, tx)
	return s, err
}

// Catalogue is what is in the database, but for the rows: of the tables there are only the names.
func (s *Snapshot) Catalogue() Contents { return s.contents }

// Contents reads every table once, whole.
func (s *Snapshot) Contents(ctx context.Context) (c Contents, err error) {
	c = s.contents
	c.Tables = map[string]TableSum{}
	for _, name := range slices.Sorted(maps.Keys(s.contents.Tables)) {
		if c.Tables[name], err = sumTable(ctx, s.tx, name); err != nil {
			return Contents{}, err
		}
	}
	return c, nil
}

// Close gives the snapshot up.
func (s *Snapshot) Close() error {
	if err := s.tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return unavailable(err)
	}
	return nil
}

// DatabaseName is the name of the database that a URL leads to.
func DatabaseName(url string) (string, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return "", fmt.Errorf("database URL: %w", err)
	}
	return cfg.Database, nil
}
