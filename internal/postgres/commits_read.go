package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/kasparro/kasparro/internal/market"
)

// versionQuery reads the version of the data.
const versionQuery = "SELECT version FROM data_version"

// Version implements market.Reader.
func (s *Store) Version(ctx context.Context) (version int64, err error) {
	if err := s.db.NewRaw(versionQuery).Scan(ctx, &version); err != nil {
		return 0, fmt.Errorf("read the version of the data: %w", unavailable(err))
	}
	return version, nil
}

// commitRow is a row of commits. The first one that is left is told along, to see whether any are missing.
type commitRow struct {
	Version     int64
	RunID       int64
	ListingIDs  []int64     `bun:"listing_ids,array"`
	ObservedAts []time.Time `bun:"observed_ats,array"`
}

// CommitsAfter implements market.Reader.
func (s *Store) CommitsAfter(ctx context.Context, version int64, most int) ([]market.Commit, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT version, coalesce(run_id, 0), listing_ids, observed_ats FROM commits
		WHERE version >= ? ORDER BY version LIMIT `+fmt.Sprint(most+1), version)
	if err != nil {
		return nil, fmt.Errorf("read commits: %w", unavailable(err))
	}
	defer func() { _ = rows.Close() }()
	var found []market.Commit
	for rows.Next() {
		var c commitRow
		if err := rows.Scan(&c.Version, &c.RunID, pgdialect.Array(&c.ListingIDs), pgdialect.Array(&c.ObservedAts)); err != nil {
			return nil, fmt.Errorf("read commits: %w", err)
		}
		found = append(found, c.commit())
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read commits: %w", unavailable(err))
	}
	if len(found) == 0 || found[0].Version != version { // the last one always stays
		return nil, fmt.Errorf("commits after version %d: %w", version, market.ErrForgotten)
	}
	return found[1:], nil
}

func (r commitRow) commit() market.Commit {
	c := market.Commit{Version: r.Version, RunID: r.RunID, Added: make([]market.RecordKey, len(r.ListingIDs))}
	for i, id := range r.ListingIDs {
		c.Added[i] = market.RecordKey{ListingID: id, ObservedAt: r.ObservedAts[i].UTC()}
	}
	return c
}
