package wire_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph/wire"
)

// The wait for an event has no bound. Its fields that take a resolver have one between them, and nothing of it stays.
func TestTheTimeOfAnEventBeginsWithItsFields(t *testing.T) {
	type field struct{ ctx, within context.Context }
	waiting, fields := make(chan context.Context), make(chan []field, 1)
	w := newLiveWorld(t, func(w *liveWorld) {
		w.Time = time.Hour
		w.event = func(ctx context.Context) *graphql.Response {
			select {
			case waiting <- ctx:
			case <-ctx.Done():
				return nil
			}
			var all []field
			resolve := func(ctx context.Context, resolver bool) context.Context {
				ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{IsResolver: resolver})
				_, err := wire.EventTime{}.InterceptField(ctx, func(within context.Context) (any, error) {
					all = append(all, field{ctx, within})
					return nil, nil
				})
				if err != nil {
					t.Error(err)
				}
				return all[len(all)-1].within
			}
			resolve(ctx, false)
			resolve(resolve(ctx, true), true)
			resolve(ctx, true)
			fields <- all
			return &graphql.Response{Data: json.RawMessage(`{}`)}
		}
	})
	began := time.Now()
	w.events(t, http.MethodGet, "/?query=subscription{ticks}", "")
	for range 2 {
		_, bounded := (<-waiting).Deadline()
		require.False(t, bounded)
		all := <-fields
		_, bounded = all[0].within.Deadline()
		require.False(t, bounded, "it takes no time")
		late, bounded := all[1].within.Deadline()
		require.True(t, bounded)
		require.WithinRange(t, late, began.Add(time.Hour), time.Now().Add(time.Hour))
		require.Same(t, all[2].ctx, all[2].within, "it is below one that is bounded")
		again, _ := all[3].within.Deadline()
		require.Equal(t, late, again)
		for _, f := range []field{all[1], all[3]} {
			require.Eventually(t, func() bool { return f.within.Err() != nil }, waitAtMost, pollEvery, "the clock is stopped")
		}
	}
}
