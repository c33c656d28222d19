package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// noon is when the newest records of the tests were observed.
var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// world is the API over a database of its own.
type world struct {
	http.Handler
	store      *postgres.Store
	url        string // of the database
	db         *bun.DB
	desk       *desk
	statements *counter
	log        *bytes.Buffer
	scope      market.Scope  // of the key that queries are sent with
	actor      *market.Actor // who sends them; nil for somebody
	later      int           // minutes after noon of the newest record
}

func newWorld(t testing.TB) *world {
	w := &world{url: postgrestest.URL(t), statements: &counter{}, log: &bytes.Buffer{}, scope: market.ScopeRead}
	w.db = postgrestest.Open(t, w.url).WithQueryHook(w.statements)
	w.store = postgres.New(w.db, identity.Resolve)
	w.store.ConsensusAge = 100 * 365 * 24 * time.Hour
	require.NoError(t, w.store.RegisterSources(t.Context(),
		market.Source{Name: "coingecko", Kind: market.KindAPI},
		market.Source{Name: "coinpaprika", Kind: market.KindAPI},
		market.Source{Name: "csv", Kind: market.KindFile}))
	w.desk = &desk{Store: w.store}
	w.Handler = w.over(w.store)
	return w
}

// over is the API over a reader.
func (w *world) over(reader market.Reader) http.Handler {
	return graph.NewHandler(w.options(reader))
}

func (w *world) options(reader market.Reader) graph.Options {
	return graph.Options{
		Reader: reader, Operator: byHand{w.store}, Keys: w.desk, Timetable: hourly{}, Version: "1.2.3", MaxBodyBytes: 4096, ConsensusMaxAge: 36 * time.Hour,
		Sources: []string{"coingecko", "coinpaprika", "csv"},
		Now:     func() time.Time { return time.Now().UTC() },
		Log:     slog.New(slog.NewTextHandler(w.log, nil)),
	}
}

// counter counts SQL statements.
type counter struct{ atomic.Int64 }

func (c *counter) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }
func (c *counter) AfterQuery(context.Context, *bun.QueryEvent)                        { c.Add(1) }

// answer is what the API sent.
type answer struct {
	Status     int
	Data       map[string]any
	Extensions map[string]any
	Errors     []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

// ask sends a query. Variables come in pairs of name and value.
func (w *world) ask(t testing.TB, query string, variables ...any) answer {
	t.Helper()
	values := map[string]any{}
	for i := 0; i < len(variables); i += 2 {
		values[variables[i].(string)] = variables[i+1]
	}
	body, err := json.Marshal(map[string]any{"query": query, "variables": values})
	require.NoError(t, err)
	ctx := market.WithScope(market.WithRequestID(t.Context(), "req-7"), w.scope)
	ctx = market.WithActor(ctx, market.Actor{Name: "somebody"})
	if w.actor != nil {
		ctx = market.WithActor(ctx, *w.actor)
	}
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	response := httptest.NewRecorder()
	w.ServeHTTP(response, request)
	a := answer{Status: response.Code}
	require.NoError(t, json.Unmarshal(response.Body.Bytes(), &a), "%s", response.Body)
	return a
}

// data is the answer to a query that must succeed.
func (w *world) data(t testing.TB, query string, variables ...any) map[string]any {
	t.Helper()
	a := w.ask(t, query, variables...)
	require.Empty(t, a.Errors)
	return a.Data
}

// json is data as text.
func (w *world) json(t testing.TB, query string, variables ...any) string {
	t.Helper()
	text, err := json.Marshal(w.data(t, query, variables...))
	require.NoError(t, err)
	return string(text)
}

// refused is the one error, with its code, of a query that must fail.
func (w *world) refused(t testing.TB, query string, variables ...any) (code, message string) {
	t.Helper()
	a := w.ask(t, query, variables...)
	require.Len(t, a.Errors, 1)
	code, _ = a.Errors[0].Extensions["code"].(string)
	return code, a.Errors[0].Message
}

// dig walks down an answer by names and places.
func dig(t testing.TB, value any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			require.Contains(t, value, step)
			value = value.(map[string]any)[step]
		case int:
			require.Greater(t, len(value.([]any)), step)
			value = value.([]any)[step]
		}
	}
	return value
}
