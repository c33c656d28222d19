package telemetry_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/telemetry"
)

// world is telemetry with what it says.
type world struct {
	*telemetry.Telemetry
	log bytes.Buffer
}

func newWorld(t testing.TB, o telemetry.Options) *world {
	t.Helper()
	w := &world{}
	o.Log = slog.New(telemetry.Logs(slog.NewJSONHandler(&w.log, nil)))
	o.Sources = []string{"csv"}
	var err error
	w.Telemetry, err = telemetry.New(t.Context(), o)
	require.NoError(t, err)
	return w
}

func (w *world) metrics(t testing.TB) string {
	t.Helper()
	answer := httptest.NewRecorder()
	w.Metrics().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	return answer.Body.String()
}

// statement has the hook see a statement end after so long.
func (w *world) statement(ctx context.Context, e bun.QueryEvent, took time.Duration) {
	hook := w.Statements("api")
	e.StartTime = time.Now().Add(-took)
	ctx = hook.BeforeQuery(ctx, &e)
	hook.AfterQuery(ctx, &e)
}

var db = bun.NewDB(&sql.DB{}, pgdialect.New())

func TestASlowStatementIsLoggedWithoutItsArguments(t *testing.T) {
	for name, e := range map[string]bun.QueryEvent{
		"raw":     {IQuery: db.NewRaw("SELECT  x FROM y\n WHERE z = ? AND w IN (?)", "hush", bun.List([]string{"hush"})), Query: "SELECT x FROM y WHERE z = 'hush' AND w IN ('hush')", QueryTemplate: "SELECT 'hush'"},
		"builder": {IQuery: db.NewSelect().TableExpr("y").ColumnExpr("x").Where("z = ?", "hush").Where("w IN (?)", bun.List([]string{"hush"})), Query: "SELECT 'hush'", QueryTemplate: "SELECT 'hush'"},
		"insert": {IQuery: db.NewInsert().Model(&struct {
			bun.BaseModel `bun:"y"`
			X, Z          string
		}{X: "hush", Z: "hush"}), Query: "INSERT INTO y VALUES ('hush')", QueryTemplate: "INSERT 'hush'"},
		"plain": {Query: "SELECT x FROM y WHERE z = 'hush'", QueryTemplate: "SELECT x FROM y WHERE z = ?", QueryArgs: []any{"hush"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, telemetry.Options{SlowQuery: time.Second})
			ctx := market.WithRunID(market.WithRequestID(t.Context(), "R1"), 7)
			w.statement(ctx, e, time.Second/2)
			require.Empty(t, w.log.String())
			e.Err = &pgconn.PgError{Code: "23505", Detail: "Key (z)=(hush) already exists."}
			w.statement(ctx, e, 2*time.Second)
			require.Contains(t, w.log.String(), `"msg":"slow statement","took_ms":2000`)
			require.Contains(t, w.log.String(), `"failed":"23505","request_id":"R1","run_id":"run_7"`)
			require.Regexp(t, `"statement":"(SELECT x FROM y WHERE|SELECT x FROM \\"?y|INSERT INTO)`, w.log.String())
			require.NotContains(t, w.log.String(), "hush")
			require.NotContains(t, w.metrics(t), "hush")
			require.Contains(t, w.metrics(t), `kasparro_sql_statement_failures_total{kind="23505",pool="api"} 1`)
		})
	}
}

func TestALineNamesWhatItBelongsToOnce(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(telemetry.Logs(slog.NewJSONHandler(&out, nil)))
	log.Info("alone")
	require.NotContains(t, out.String(), "_id")
	log.InfoContext(market.WithRequestID(t.Context(), "R1"), "again", "request_id", "R1")
	require.Equal(t, 1, strings.Count(out.String(), "request_id"))
	log.With("a", 1).WithGroup("g").InfoContext(market.WithRunID(t.Context(), 3), "run")
	require.Contains(t, out.String(), `"a":1,"g":{"run_id":"run_3"}`)
}

func TestNamesThatClientsChooseAreBounded(t *testing.T) {
	w := newWorld(t, telemetry.Options{Operations: []string{"Known"}})
	watch := w.Operations().(graphql.ResponseInterceptor)
	answer := func(name string) {
		ctx := graphql.WithOperationContext(t.Context(), &graphql.OperationContext{Operation: &ast.OperationDefinition{Name: name, Operation: ast.Query}})
		watch.InterceptResponse(ctx, func(context.Context) *graphql.Response { return &graphql.Response{} })
	}
	for i := range 1000 {
		answer(fmt.Sprintf("Chosen%d", i))
	}
	answer("Known")
	answer("")
	text := w.metrics(t)
	require.Equal(t, 103, strings.Count(text, "kasparro_graphql_operations_total{"))
	require.Contains(t, text, `kasparro_graphql_operations_total{code="OK",operation="other",type="query"} 900`)
	require.Contains(t, text, `kasparro_graphql_operations_total{code="OK",operation="Known",type="query"} 1`)
}

func TestASecretIsNoName(t *testing.T) {
	c := newCollector(t)
	w := newWorld(t, telemetry.Options{Endpoint: c.URL + "/v1/traces", Secret: func(text string) bool { return strings.Contains(text, "hush") }})
	watch := w.Operations().(graphql.OperationInterceptor)
	for _, kind := range []ast.Operation{ast.Query, ast.Subscription} {
		ctx := graphql.WithOperationContext(t.Context(), &graphql.OperationContext{Operation: &ast.OperationDefinition{Name: "a_hush", Operation: kind}})
		watch.InterceptOperation(ctx, func(ctx context.Context) graphql.ResponseHandler {
			w.Operations().(graphql.ResponseInterceptor).InterceptResponse(ctx, func(context.Context) *graphql.Response { return &graphql.Response{} })
			return nil
		})
	}
	w.Close()
	require.ElementsMatch(t, []string{"graphql query other", "graphql subscription other"}, c.tree())
	require.NotContains(t, w.metrics(t)+fmt.Sprint(c.spans), "hush")
	require.Contains(t, w.metrics(t), `kasparro_graphql_operations_total{code="OK",operation="other",type="query"} 1`)
}

func TestKeysThatAreRefusedAreCounted(t *testing.T) {
	w := newWorld(t, telemetry.Options{})
	require.Contains(t, w.metrics(t), "kasparro_keys_refused_total 0")
	w.KeyRefused()
	require.Contains(t, w.metrics(t), "kasparro_keys_refused_total 1")
}

func TestMethodsThatClientsInventAreOne(t *testing.T) {
	w := newWorld(t, telemetry.Options{})
	for _, method := range []string{"BREW", "WHEN", "GET"} {
		_, end := w.Request(httptest.NewRequest(method, "/data?api_key=hush", nil), "/data", false)
		end(200, 10)
	}
	text := w.metrics(t)
	require.Contains(t, text, `kasparro_http_requests_total{code="200",method="other",route="/data"} 2`)
	require.Contains(t, text, `kasparro_http_requests_total{code="200",method="GET",route="/data"} 1`)
	require.Contains(t, text, `kasparro_http_response_bytes_total{route="/data"} 30`)
	require.Contains(t, text, "kasparro_http_requests_in_flight 0")
	require.NotContains(t, text, "hush")
}
