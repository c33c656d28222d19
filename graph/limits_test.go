package graph_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/market"
)

// hourly has every source but csv run at each full hour.
type hourly struct{}

func (hourly) Slots(source string, now time.Time) (previous, next time.Time, ok bool) {
	previous = now.Truncate(time.Hour)
	return previous, previous.Add(time.Hour), source != "csv"
}

// with is the API under other options.
func (w *world) with(reader market.Reader, change func(*graph.Options)) http.Handler {
	o := w.options(reader)
	change(&o)
	return graph.NewHandler(o)
}

// sleepy is a reader whose records take a minute.
type sleepy struct {
	market.Reader
	db *bun.DB
}

func (s sleepy) Records(ctx context.Context, _ market.RecordFilter, _ market.RecordOrder, _ market.Window[market.RecordKey]) (page market.Page[market.Record], err error) {
	_, err = s.db.ExecContext(ctx, "SELECT pg_sleep(60)")
	return page, err
}

// The time of a request ends the statement that it waits for, in the database too.
func TestTheTimeOfARequestEndsItsSQL(t *testing.T) {
	w := newWorld(t)
	w.Handler = w.with(sleepy{w.store, w.db}, func(o *graph.Options) {
		o.Limits = graph.DefaultLimits
		o.Limits.Time = 300 * time.Millisecond
	})
	code, message := w.refused(t, `{ records { nodes { id } } }`)
	require.Equal(t, "TIMEOUT", code, message)
	require.Eventually(t, func() bool {
		var asleep int
		err := w.db.NewRaw("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(60)'").Scan(t.Context(), &asleep)
		return err == nil && asleep == 0
	}, 10*time.Second, 50*time.Millisecond)
}

func TestTheSchemaCanBeKeptToItself(t *testing.T) {
	w := newWorld(t)
	require.NotEmpty(t, w.data(t, `{ __type(name: "Asset") { name } }`)["__type"])
	_, message := w.refused(t, `{ record { id } }`)
	require.Contains(t, message, "Did you mean")
	w.Handler = w.with(w.store, func(o *graph.Options) { o.NoIntrospection = true })
	code, message := w.refused(t, `{ __schema { queryType { name } } }`)
	require.Equal(t, "FORBIDDEN", code)
	require.Contains(t, message, "introspection")
	_, message = w.refused(t, `{ record { id } }`)
	require.NotContains(t, message, "Did you mean")
	_, message = w.refused(t, `{ asset(slug: "x", slugg: 1) { id } }`)
	require.NotContains(t, message, "Did you mean")
	require.Equal(t, false, dig(t, w.data(t, `{ serviceConfig { introspection } }`), "serviceConfig", "introspection"))
	require.Equal(t, "Query", w.data(t, `{ __typename }`)["__typename"])
}

func TestThePageSizeIsAsConfigured(t *testing.T) {
	w := newWorld(t)
	w.Handler = w.with(w.store, func(o *graph.Options) {
		o.Limits = graph.DefaultLimits
		o.Limits.PageSize = 7
	})
	_, message := w.refused(t, `{ assets(first: 8) { nodes { id } } }`)
	require.Contains(t, message, "from 1 to 7")
	require.Equal(t, map[string]any{"defaultPageSize": 7.0, "maxPageSize": 7.0},
		w.data(t, `{ serviceConfig { defaultPageSize maxPageSize } }`)["serviceConfig"])
}
