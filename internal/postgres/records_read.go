package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// readRow is a record r with what its listing l and its source s say, as one text: to take a row apart costs next to
// nothing, and to have a driver take each of its columns costs more than all else about it. The external id, which
// alone may hold anything, comes last. Instants are in microseconds since 1970.
var readRow = `concat_ws(E'\x1f', r.listing_id, ` + micros("r.observed_at") + `, l.asset_id, s.name, ` + textOf("r", figureColumns) +
	`, r.raw_id, r.run_id, ` + micros("r.ingested_at") + `, l.external_id)`

func micros(column string) string { return "(extract(epoch FROM " + column + ") * 1000000)::bigint" }

// textOf lists columns as texts, empty where they are null.
func textOf(table, columns string) string {
	names := strings.FieldsFunc(columns, func(c rune) bool { return strings.ContainsRune(", \n\t", c) })
	for i, name := range names {
		names[i] = "coalesce(" + table + "." + name + "::text, '')"
	}
	return strings.Join(names, ", ")
}

// Records implements market.Reader.
func (s *Store) Records(ctx context.Context, f market.RecordFilter, o market.RecordOrder, w market.Window[market.RecordKey]) (market.Page[market.Record], error) {
	scans, err := s.recordScans(ctx, f)
	if err != nil {
		return market.Page[market.Record]{}, fmt.Errorf("read records: %w", unavailable(err))
	}
	list := recordList{filter: f, descending: o != market.RecordsOldestFirst, window: w}
	records, err := s.queryRecords(ctx, list.query(scans))
	if err != nil {
		return market.Page[market.Record]{}, fmt.Errorf("read records: %w", unavailable(err))
	}
	return trim(records, w.Size, w.Backward), nil
}

// recordsQuery wraps the keys and figures of some records with what their listings say. inner
// must yield rows of records; order is the final one.
func recordsQuery(inner sqlText, order string) sqlText {
	var q sqlText
	q.add(`SELECT ` + readRow + ` FROM (`)
	q.append(inner)
	q.add(`) r JOIN listings l ON l.id = r.listing_id JOIN sources s ON s.id = r.source_id ` + order)
	return q
}

func (s *Store) queryRecords(ctx context.Context, q sqlText) (records []market.Record, err error) {
	if q.empty() {
		return nil, nil
	}
	rows, err := s.db.QueryContext(ctx, q.String(), q.args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var text string
	for rows.Next() {
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		r, err := parseRecord(text)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, rows.Err()
}

// RecordsByKey implements market.Reader.
func (s *Store) RecordsByKey(ctx context.Context, keys []market.RecordKey) ([]market.Record, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	var q sqlText
	q.add("SELECT * FROM records WHERE (listing_id, observed_at) IN (")
	for i, k := range keys {
		if i > 0 {
			q.add(", ")
		}
		q.add("(?, ?)", k.ListingID, k.ObservedAt)
	}
	q.add(")")
	records, err := s.queryRecords(ctx, recordsQuery(q, ""))
	if err != nil {
		return nil, fmt.Errorf("read records by key: %w", unavailable(err))
	}
	return records, nil
}

// Latest implements market.Reader.
func (s *Store) Latest(ctx context.Context, assetIDs []int64, source string) ([]market.Record, error) {
	if len(assetIDs) == 0 {
		return nil, nil
	}
	var q sqlText
	q.add("SELECT n.* FROM latest_records n JOIN listings o ON o.id = n.listing_id WHERE o.asset_id IN (?)", bun.List(assetIDs))
	if source != "" {
		ids, err := s.sourceIDs(ctx, []string{source})
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		q.add(" AND n.source_id = ?", ids[0])
	}
	records, err := s.queryRecords(ctx, recordsQuery(q, "ORDER BY s.name, l.external_id"))
	if err != nil {
		return nil, fmt.Errorf("read latest records: %w", unavailable(err))
	}
	return records, nil
}

// trim cuts off the row that was read only to see whether there are more, and turns a page read
// backwards into the order of the list.
func trim[T any](rows []T, size int, backward bool) market.Page[T] {
	p := market.Page[T]{Items: rows, More: len(rows) > size}
	if p.More {
		p.Items = rows[:size]
	}
	if backward {
		slices.Reverse(p.Items)
	}
	return p
}

// sqlText is a statement in the making with its arguments.
type sqlText struct {
	strings.Builder
	args []any
}

func (q *sqlText) add(text string, args ...any) {
	q.WriteString(text)
	q.args = append(q.args, args...)
}

func (q *sqlText) append(other sqlText) { q.add(other.String(), other.args...) }

func (q *sqlText) empty() bool { return q.Len() == 0 }

// within adds the ends of a half-open time range as conditions.
func (q *sqlText) within(r market.TimeRange) {
	for _, end := range []struct {
		is string
		at *time.Time
	}{{">=", r.From}, {"<", r.Before}} {
		if end.at != nil {
			q.add(" AND observed_at "+end.is+" ?", *end.at)
		}
	}
}
