package postgres_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
)

// lastQuery keeps the last statement that a store has sent.
type lastQuery struct{ text string }

func (q *lastQuery) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }
func (q *lastQuery) AfterQuery(_ context.Context, e *bun.QueryEvent)                    { q.text = e.Query }

// planNode is what EXPLAIN says of a step. Its rows are means over its loops.
type planNode struct {
	Type     string     `json:"Node Type"`
	Relation string     `json:"Relation Name"`
	Index    string     `json:"Index Name"`
	Rows     float64    `json:"Actual Rows"`
	Loops    float64    `json:"Actual Loops"`
	Removed  float64    `json:"Rows Removed by Filter"`
	Plans    []planNode `json:"Plans"`
}

// scans returns the steps that read the table itself.
func (n planNode) scans(table string) []planNode {
	var found []planNode
	if n.Relation == table {
		found = append(found, n)
	}
	for _, p := range n.Plans {
		found = append(found, p.scans(table)...)
	}
	return found
}

func explain(t *testing.T, db *bun.DB, query string) planNode {
	t.Helper()
	var text string
	require.NoError(t, db.QueryRowContext(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+query).Scan(&text))
	var plans []struct{ Plan planNode }
	require.NoError(t, json.Unmarshal([]byte(text), &plans))
	require.Len(t, plans, 1)
	return plans[0].Plan
}

// A page of records costs what it returns, however many there are: every scan walks an index in
// the order of the list and stops.
func TestPagesAreReadFromIndexes(t *testing.T) {
	s := seed(t)
	query := &lastQuery{}
	store := postgres.New(s.db.WithQueryHook(query), nil)
	asset, err := store.AssetBySlug(t.Context(), "coin-07")
	require.NoError(t, err)
	ids := []int64{asset.ID, asset.ID + 1, asset.ID + 2}
	middle := &market.RecordKey{ListingID: 40, ObservedAt: *minute(600)}
	newestFirst, oldestFirst := market.RecordsNewestFirst, market.RecordsOldestFirst
	const size = 100
	for _, c := range []struct {
		name  string
		f     market.RecordFilter
		order market.RecordOrder
		w     market.Window[market.RecordKey]
		index string
	}{
		{"newest first", market.RecordFilter{}, newestFirst, market.Window[market.RecordKey]{}, "records_time_idx"},
		{"oldest first", market.RecordFilter{}, oldestFirst, market.Window[market.RecordKey]{}, "records_time_idx"},
		{"behind a cursor", market.RecordFilter{}, newestFirst, market.Window[market.RecordKey]{After: middle}, "records_time_idx"},
		{"before a cursor", market.RecordFilter{}, newestFirst, market.Window[market.RecordKey]{Before: middle, Backward: true}, "records_time_idx"},
		{"since", market.RecordFilter{ObservedAt: market.TimeRange{From: minute(300)}}, oldestFirst, market.Window[market.RecordKey]{}, "records_time_idx"},
		{"one source", market.RecordFilter{Sources: seedSources[:1]}, newestFirst, market.Window[market.RecordKey]{}, "records_source_idx"},
		{"a source behind a cursor", market.RecordFilter{Sources: seedSources[:1]}, newestFirst, market.Window[market.RecordKey]{After: middle}, "records_source_idx"},
		{"two sources", market.RecordFilter{Sources: seedSources[:2]}, newestFirst, market.Window[market.RecordKey]{}, "records_source_idx"},
		{"one asset", market.RecordFilter{Assets: []string{"coin-07"}}, newestFirst, market.Window[market.RecordKey]{}, "records_pkey"},
		{"an asset behind a cursor", market.RecordFilter{Assets: []string{"coin-07"}}, newestFirst, market.Window[market.RecordKey]{After: middle}, "records_pkey"},
		{"an asset backwards", market.RecordFilter{Assets: []string{"coin-07"}}, oldestFirst, market.Window[market.RecordKey]{Backward: true}, "records_pkey"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.w.Size = size
			page, err := store.Records(t.Context(), c.f, c.order, c.w)
			require.NoError(t, err)
			require.Len(t, page.Items, size)
			requireCheap(t, explain(t, s.db, query.text), c.index, size+1)
		})
	}
	t.Run("of three assets", func(t *testing.T) {
		pages, err := store.RecordsOf(t.Context(), ids, market.RecordFilter{}, market.Window[market.RecordKey]{Size: 10, After: middle})
		require.NoError(t, err)
		require.Len(t, pages, 3)
		plan := explain(t, s.db, query.text)
		requireCheap(t, plan, "records_pkey", 11*len(plan.scans("records")))
	})
}

// requireCheap checks that the plan reads records through one index only, and no more of them than
// it needs: a merge looks a row ahead in each scan, and another to see where a tie ends.
func requireCheap(t *testing.T, plan planNode, index string, needed int) {
	t.Helper()
	scans := plan.scans("records")
	require.NotEmpty(t, scans)
	read := 0.0
	for _, n := range scans {
		require.True(t, strings.HasPrefix(n.Type, "Index"), "%+v", n)
		require.Equal(t, index, n.Index)
		require.Zero(t, n.Removed, "rows were read and thrown away")
		read += n.Rows * n.Loops
	}
	require.LessOrEqual(t, int(read), needed+2*len(scans))
	for _, table := range []string{"listings", "sources"} {
		for _, n := range plan.scans(table) {
			require.LessOrEqual(t, int(n.Loops), needed, table)
		}
	}
}
