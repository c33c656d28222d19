package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/kasparro/kasparro/internal/market"
)

// Payloads implements market.Reader.
func (s *Store) Payloads(ctx context.Context, records []market.Record) (map[int64]json.RawMessage, error) {
	if len(records) == 0 {
		return nil, nil
	}
	externalIDs, numbers := make([]string, len(records)), make([]int64, len(records))
	for i, r := range records {
		externalIDs[i], numbers[i] = r.ExternalID, r.RawID
	}
	var q sqlText
	for i, table := range []string{"raw_records", "raw_kept"} {
		if i > 0 {
			q.add(" UNION ALL ")
		}
		// A list of pairs would be planned as that many conditions, for a tenth of a second.
		q.add("SELECT id, payload FROM "+table+" WHERE (external_id, id) IN (SELECT * FROM unnest(?::text[], ?::bigint[]))",
			pgdialect.Array(externalIDs), pgdialect.Array(numbers))
	}
	payloads, err := payloadsOf[json.RawMessage](ctx, s.db, q)
	return payloads, unavailable(err)
}

// RejectedPayloads implements market.Reader.
func (s *Store) RejectedPayloads(ctx context.Context, ids []int64) (map[int64][]byte, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var q sqlText
	q.add("SELECT id, payload FROM rejections WHERE id IN (?)", bun.List(ids))
	payloads, err := payloadsOf[[]byte](ctx, s.db, q)
	return payloads, unavailable(err)
}

// payloadsOf reads ids with their payloads, one after the other, until they are more than may be carried.
func payloadsOf[P ~[]byte](ctx context.Context, db *bun.DB, q sqlText) (_ map[int64]P, err error) {
	rows, err := db.QueryContext(ctx, q.String(), q.args...)
	if err != nil {
		return nil, fmt.Errorf("read payloads: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	payloads, met, most := map[int64]P{}, int64(0), market.MostPayloads(ctx)
	for rows.Next() {
		var id int64
		var payload []byte
		if err := rows.Scan(&id, &payload); err != nil {
			return nil, fmt.Errorf("read payloads: %w", err)
		}
		if met += int64(len(payload)); most > 0 && met > most {
			return nil, &market.TooLargeError{Met: met, Limit: most}
		}
		payloads[id] = payload
	}
	return payloads, rows.Err()
}
