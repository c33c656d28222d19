package graph_test

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
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

// tired is a reader whose payloads take longer than a request may.
type tired struct {
	market.Reader
	asked *atomic.Int64
}

func (r tired) Payloads(ctx context.Context, _ []market.Record) (map[int64]json.RawMessage, error) {
	r.asked.Add(1)
	<-ctx.Done()
	return nil, ctx.Err()
}

// Once the time has run out nothing is tried again, and one error says so, however many fields there are.
func TestNothingIsReadOnceTheTimeHasRunOut(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 5, 2)
	reader := tired{w.store, new(atomic.Int64)}
	w.Handler = w.with(reader, func(o *graph.Options) {
		o.Limits = graph.DefaultLimits
		o.Limits.Time = 300 * time.Millisecond
	})
	for _, fields := range []string{"a: raw b: raw c: rawExpired", "a: raw b: raw asset { listings { id } }"} {
		reader.asked.Store(0)
		code, message := w.refused(t, `{ records { nodes { `+fields+` } } }`)
		require.Equal(t, "TIMEOUT", code, message)
		require.EqualValues(t, 1, reader.asked.Load())
	}
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
