package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// RawBatch returns the next payloads of a rebuild, at most size of them, and none at its end. They go in
// the order of their primary key, backwards.
func (s *Store) RawBatch(ctx context.Context, r market.Rebuild, size int) ([]market.Raw, error) {
	source, err := s.sourceID(ctx, r.Source)
	if err != nil {
		return nil, err
	}
	var q sqlText
	q.add("SELECT * FROM (")
	for i, table := range []string{"raw_records", "raw_kept"} {
		if i > 0 {
			q.add(" UNION ALL ")
		}
		q.add("(SELECT "+rawColumns+" FROM "+table+" WHERE source_id = ?", source)
		if r.After != (market.RawKey{}) {
			q.add(" AND (external_id, id) < (?, ?)", r.After.ExternalID, r.After.ID)
		}
		q.add(" ORDER BY external_id DESC, id DESC LIMIT ?)", size)
	}
	q.add(") both_tables ORDER BY external_id DESC, id DESC LIMIT ?", size)
	var rows []rawRow
	if err := s.db.NewRaw(q.String(), q.args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read payloads of %s: %w", r.Source, unavailable(err))
	}
	raws := make([]market.Raw, len(rows))
	for i, row := range rows {
		raws[i] = row.raw()
	}
	return raws, nil
}

// rawRow is a row of raw_records or raw_kept.
type rawRow struct {
	ID          int64
	SourceID    int16
	ExternalID  string
	RunID       int64
	FetchedAt   time.Time
	ObservedAt  *time.Time
	Payload     json.RawMessage
	PayloadHash []byte
}

func (r rawRow) raw() market.Raw {
	raw := market.Raw{
		RawKey: market.RawKey{ExternalID: r.ExternalID, ID: r.ID}, RunID: r.RunID,
		FetchedAt: r.FetchedAt.UTC(), ObservedAt: utc(r.ObservedAt), Payload: r.Payload,
	}
	copy(raw.PayloadHash[:], r.PayloadHash)
	return raw
}

// PayloadsAbout returns about how many payloads of a source are kept: as many as the runs since the oldest
// month have stored. To count them one by one would read them all.
func (s *Store) PayloadsAbout(ctx context.Context, source string) (int64, error) {
	id, err := s.sourceID(ctx, source)
	if err != nil {
		return 0, err
	}
	months, err := s.rawMonths(ctx)
	if err != nil || len(months) == 0 {
		return 0, err
	}
	var n int64
	err = s.db.NewRaw(`SELECT (SELECT coalesce(sum(inserted + updated), 0) FROM etl_runs WHERE source_id = ?0 AND started_at >= ?1)
		+ (SELECT count(*) FROM raw_kept WHERE source_id = ?0)`, id, months[0].begins).Scan(ctx, &n)
	if err != nil {
		return 0, fmt.Errorf("count payloads of %s: %w", source, unavailable(err))
	}
	return n, nil
}
