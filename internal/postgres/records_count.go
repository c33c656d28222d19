package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// CountRecords implements market.Reader. Whole sources, and whole days of them, have been counted as
// they were stored; what is left to count is the beginnings of days, or the records of some listings.
func (s *Store) CountRecords(ctx context.Context, f market.RecordFilter) (int64, error) {
	scans, err := s.recordScans(ctx, f)
	if err != nil {
		return 0, fmt.Errorf("count records: %w", unavailable(err))
	}
	if len(scans) == 0 {
		return 0, nil
	}
	var q sqlText
	switch {
	case f.Assets != nil || f.Symbols != nil:
		q.add("SELECT ")
		q.countOf(scans, f.ObservedAt)
	case f.ObservedAt == (market.TimeRange{}):
		q.add("SELECT coalesce(sum(record_count), 0) FROM source_totals WHERE ")
		q.either(scans)
	default:
		q.countByDays(scans, f.ObservedAt)
	}
	var n int64
	if err := s.db.NewRaw(q.String(), q.args...).Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("count records: %w", unavailable(err))
	}
	return n, nil
}

// countByDays adds the counts of the whole days in the range to what is counted at its two ends.
func (q *sqlText) countByDays(scans []scan, r market.TimeRange) {
	var days, first, last market.TimeRange
	if r.From != nil {
		noSooner := midnight(r.From.Add(24*time.Hour - time.Microsecond))
		days.From, first = &noSooner, market.TimeRange{From: r.From, Before: &noSooner}
	}
	if r.Before != nil {
		noLater := midnight(*r.Before)
		days.Before, last = &noLater, market.TimeRange{From: &noLater, Before: r.Before}
	}
	q.add("SELECT ")
	if r.From != nil && r.Before != nil && days.Before.Before(*days.From) { // within a day
		q.countOf(scans, r)
		return
	}
	for _, end := range []market.TimeRange{first, last} {
		if end.From != nil && end.From.Before(*end.Before) {
			q.countOf(scans, end)
			q.add(" + ")
		}
	}
	q.add("(SELECT coalesce(sum(record_count), 0) FROM source_days WHERE ")
	q.either(scans)
	if days.From != nil {
		q.add(" AND day >= ?", days.From.Format(time.DateOnly))
	}
	if days.Before != nil {
		q.add(" AND day < ?", days.Before.Format(time.DateOnly))
	}
	q.add(")")
}

func midnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// countOf adds a count of the records in a range.
func (q *sqlText) countOf(scans []scan, r market.TimeRange) {
	q.add("(SELECT count(*) FROM records WHERE ")
	q.either(scans)
	q.within(r)
	q.add(")")
}

// either adds the conditions of scans, of which one must hold.
func (q *sqlText) either(scans []scan) {
	q.add("(")
	for i, sc := range scans {
		if i > 0 {
			q.add(" OR ")
		}
		q.add(sc.condition, sc.args...)
	}
	q.add(")")
}

// countDays keeps the days of the source in step with the records that a page has added.
func (p *page) countDays(ctx context.Context) error {
	_, err := p.tx.ExecContext(ctx, `INSERT INTO source_days (source_id, day, record_count)
			SELECT ?, (observed_at AT TIME ZONE 'UTC')::date AS day, count(*) FROM judged WHERE is_new GROUP BY day ORDER BY day
		ON CONFLICT (source_id, day) DO UPDATE SET record_count = source_days.record_count + excluded.record_count`, p.source)
	if err != nil {
		return fmt.Errorf("count days: %w", err)
	}
	return nil
}
