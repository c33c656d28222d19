package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// maxScans is how many index scans are merged into one page. Each costs half a millisecond to plan;
// beyond so many the listings are so large a part of all that a single scan that filters finds them soon.
const maxScans = 500

// scan is a condition whose records one index yields in the order of the list. A page over several
// is merged from the first rows of each.
type scan struct {
	condition string
	args      []any
}

// recordScans turns a filter into scans: one for each listing where the filter names assets or
// symbols, otherwise one for each source it names, otherwise one over all. None means that nothing
// can match.
func (s *Store) recordScans(ctx context.Context, f market.RecordFilter) ([]scan, error) {
	if f.Assets != nil || f.Symbols != nil {
		ids, err := s.listingIDs(ctx, f)
		if err != nil {
			return nil, err
		}
		return scansOf("listing_id", ids), nil
	}
	if f.Sources != nil {
		ids, err := s.sourceIDs(ctx, f.Sources)
		if err != nil {
			return nil, err
		}
		return scansOf("source_id", ids), nil
	}
	return []scan{{condition: "true"}}, nil
}

func scansOf[T int16 | int64](column string, ids []T) []scan {
	if len(ids) > maxScans {
		return []scan{{column + " IN (?)", []any{bun.List(ids)}}}
	}
	scans := make([]scan, len(ids))
	for i, id := range ids {
		scans[i] = scan{column + " = ?", []any{id}}
	}
	return scans
}

// listingIDs returns the listings of the assets and symbols of a filter, of its sources only.
func (s *Store) listingIDs(ctx context.Context, f market.RecordFilter) ([]int64, error) {
	q := s.db.NewSelect().TableExpr("listings AS l").Join("JOIN assets AS a ON a.id = l.asset_id").
		ColumnExpr("l.id").OrderExpr("l.id")
	if f.Assets != nil {
		q.Where("a.id IN ("+livingAssets+")", texts(f.Assets))
	}
	if f.Symbols != nil {
		q.Where("a.symbol IN (?)", texts(upper(f.Symbols)))
	}
	if f.Sources != nil {
		ids, err := s.sourceIDs(ctx, f.Sources)
		if err != nil {
			return nil, err
		}
		q.Where("l.source_id IN (?)", bun.List(ids))
	}
	var ids []int64
	return ids, q.Scan(ctx, &ids)
}

func upper(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToUpper(s)
	}
	return out
}

// recordList is a list of records of which a window is asked for.
type recordList struct {
	filter     market.RecordFilter
	descending bool
	window     market.Window[market.RecordKey]
}

// query reads the window through the scans, one row more than its size, in the direction of
// travel. Limits are written out: bound ones would be planned anew on every call.
func (l recordList) query(scans []scan) sqlText {
	if len(scans) == 0 {
		return sqlText{}
	}
	direction := "ASC"
	if l.descending != l.window.Backward {
		direction = "DESC"
	}
	order := fmt.Sprintf("ORDER BY observed_at %[1]s, listing_id %[1]s", direction)
	reach := l.window.Skip + l.window.Size + 1
	var q sqlText
	q.add("SELECT * FROM (")
	for i, sc := range scans {
		if i > 0 {
			q.add(" UNION ALL ")
		}
		q.add("(SELECT * FROM records WHERE "+sc.condition, sc.args...)
		l.addBounds(&q)
		q.add(fmt.Sprintf(" %s LIMIT %d)", order, reach))
	}
	q.add(fmt.Sprintf(") merged %s OFFSET %d LIMIT %d", order, l.window.Skip, l.window.Size+1))
	return recordsQuery(q, fmt.Sprintf("ORDER BY r.observed_at %[1]s, r.listing_id %[1]s", direction))
}

// addBounds narrows a scan to the filter's times and to what lies between the window's ends. The
// plain comparison beside that of rows lets newer chunks of a partitioned table be skipped.
func (l recordList) addBounds(q *sqlText) {
	q.within(l.filter.ObservedAt)
	after, before := ">", "<"
	if l.descending {
		after, before = "<", ">"
	}
	for _, end := range []struct {
		is  string
		key *market.RecordKey
	}{{after, l.window.After}, {before, l.window.Before}} {
		if end.key != nil {
			q.add(fmt.Sprintf(" AND observed_at %[1]s= ? AND (observed_at, listing_id) %[1]s (?, ?)", end.is),
				end.key.ObservedAt, end.key.ObservedAt, end.key.ListingID)
		}
	}
}
