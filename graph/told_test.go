package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/graph/wire"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/server"
)

// Whoever meets a limit is told of it in figures, whatever part of the program it belongs to.
func TestLimitsAreToldInFigures(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 1, 1)
	text := strings.Repeat("x", 4097)
	for query, want := range map[string][3]any{
		`{ records(first: 501) { totalCount } }`:                                             {"BAD_USER_INPUT", 501.0, 500.0},
		`{ asset(slug: "coin-000") { records(last: 777) { totalCount } } }`:                  {"BAD_USER_INPUT", 777.0, 500.0},
		`{ records(first: 0) { totalCount } }`:                                               {"BAD_USER_INPUT", nil, nil},
		`{ asset(slug: "` + text + `") { id } }`:                                             {"BAD_USER_INPUT", 4097.0, 4096.0},
		`{ disagreements(minSpreadPercent: "` + text[:101] + `") { totalCount } }`:           {"BAD_USER_INPUT", 101.0, 100.0},
		`query ($v: String! = "` + text + `") { asset(slug: $v) { id } }`:                    {"BAD_USER_INPUT", 4097.0, 4096.0},
		`{ __schema { types { fields { type { fields { type { name } } } } } } }`:            {nil, nil, nil},
		`{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }`: {"QUERY_TOO_COMPLEX", 3.0, 2.0},
		`{ __type(name: "Asset") { interfaces { possibleTypes { interfaces { name } } } } }`: {"QUERY_TOO_COMPLEX", 3.0, 2.0},
		`{ ` + strings.Repeat("__typename ", 21) + ` }`:                                      {"QUERY_TOO_COMPLEX", 21.0, 20.0},
	} {
		a := w.ask(t, query)
		if want[0] == nil {
			require.Empty(t, a.Errors)
			continue
		}
		require.Len(t, a.Errors, 1, query)
		e := a.Errors[0].Extensions
		require.Equal(t, want, [3]any{e["code"], e["met"], e["limit"]}, a.Errors[0].Message)
	}
	a := w.ask(t, `{ __typename }`, "v", make([]int, 20_001))
	require.Equal(t, map[string]any{"code": "BAD_USER_INPUT", "met": 20001.0, "limit": 20000.0}, a.Errors[0].Extensions)
}

// Over a socket, too, whoever asks too much learns how much it was.
func TestASocketTellsLimitsInFigures(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		limit server.Throttle
		asked int
		want  [2]float64
	}{{server.Throttle{PerMinute: 2}, 3, [2]float64{3, 2}}, {server.Throttle{Concurrent: 1}, 2, [2]float64{2, 1}},
		{server.Throttle{Cost: 60}, 2, [2]float64{202, 60}}} {
		door := server.NewDoor(bothKeys, c.limit)
		h := w.with(held{w.store}, func(o *graph.Options) { o.Door = door }).(wire.Handler)
		s := httptest.NewServer(h)
		conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http"), http.Header{"Sec-WebSocket-Protocol": {"graphql-transport-ws"}})
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte(`{"type": "connection_init", "payload": {"x-api-key": "`+bothKeys.Read+`"}}`)))
		for id := range c.asked {
			require.NoError(t, conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type": "subscribe", "id": "%d", "payload": {"query": "{ records { nodes { id } } }"}}`, id)))
		}
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
		var m struct {
			Type    string
			Payload json.RawMessage
		}
		for m.Type != "error" {
			require.NoError(t, conn.ReadJSON(&m))
		}
		var errs []struct{ Extensions map[string]any }
		require.NoError(t, json.Unmarshal(m.Payload, &errs))
		require.Equal(t, map[string]any{"code": "TOO_MANY_REQUESTS", "met": c.want[0], "limit": c.want[1]}, errs[0].Extensions)
		require.NoError(t, conn.Close())
		h.Live.Close()
		s.Close()
	}
}

// held reads records for as long as they are waited for.
type held struct{ market.Reader }

func (held) Records(ctx context.Context, _ market.RecordFilter, _ market.RecordOrder, _ market.Window[market.RecordKey]) (page market.Page[market.Record], err error) {
	<-ctx.Done()
	return page, ctx.Err()
}

// What is left of a subscription decides, which may be nothing or too much.
func TestASubscriptionIsToOneField(t *testing.T) {
	w := newWorld(t)
	ears := w.listen(t)
	for query, says := range map[string]string{
		`subscription { etlRunChanged @skip(if: true) { id } }`:                                   "and this one to 0",
		`subscription ($no: Boolean!) { etlRunChanged @include(if: $no) { id } }`:                 "and this one to 0",
		`subscription ($no: Boolean = false) { ... @include(if: $no) { recordAdded { id } } }`:    "and this one to 0",
		`subscription { ...S @skip(if: true) } fragment S on Subscription { recordAdded { id } }`: "and this one to 0",
		`subscription { a: recordAdded { id } b: recordAdded { id } }`:                            "and this one to 2",
		`subscription { etlRunChanged { id } recordAdded @skip(if: true) { id } }`:                "must select only one top level field",
	} {
		query, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"no": false}})
		require.NoError(t, err)
		ctx, err := ears.Admit(t.Context(), bothKeys.Read)
		require.NoError(t, err)
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", bytes.NewReader(query))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "text/event-stream")
		got := httptest.NewRecorder()
		w.ServeHTTP(got, r)
		require.Contains(t, got.Body.String(), says)
		require.Contains(t, got.Body.String(), `"code":"BAD_USER_INPUT"`)
		require.Empty(t, ears.begun)
	}
	require.Empty(t, w.log.String())
}
