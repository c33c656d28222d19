package wire_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/kasparro/kasparro/graph/wire"
)

const (
	plain    = "application/json"
	response = "application/graphql-response+json"
	largest  = 1000 // bytes of a body
	badInput = "BAD_REQUEST"
)

var schema = gqlparser.MustLoadSchema(&ast.Source{Input: `
	scalar Any
	type Query { any(of: Any, int: Int): Any }
	type Mutation { change: Any }
	type Subscription { ticks: Any }`})

// world is a service whose one resolver is answer.
type world struct {
	wire.Handler

	*httptest.Server
	answer func(context.Context) *graphql.Response
}

// newWorld serves a schema of which everything is answered with `{"any":1}`.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	w.says(`{"any":1}`)
	w.Handler = wire.Handler{BadRequest: badInput, Exec: executor.New(&graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return schema },
		ExecFunc:   func(context.Context) graphql.ResponseHandler { return w.run },
	})}
	w.Server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(out, r.Body, largest)
		w.ServeHTTP(out, r)
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *world) run(ctx context.Context) *graphql.Response { return w.answer(ctx) }

// says has every query answered with this data.
func (w *world) says(data string) {
	w.answer = func(context.Context) *graphql.Response { return &graphql.Response{Data: json.RawMessage(data)} }
}

// listens returns where the operation is put that was executed last.
func (w *world) listens() *graphql.OperationContext {
	var heard graphql.OperationContext
	w.answer = func(ctx context.Context) *graphql.Response {
		op := graphql.GetOperationContext(ctx)
		heard.RawQuery, heard.OperationName, heard.Operation = op.RawQuery, op.OperationName, op.Operation
		heard.Variables, heard.Extensions = op.Variables, op.Extensions
		return &graphql.Response{Data: json.RawMessage(`{"any":1}`)}
	}
	return &heard
}

// reply is what came back.
type reply struct {
	*http.Response

	text string
}

// errors are the messages; an answer without any has none.
func (r reply) errors(t *testing.T) []string {
	t.Helper()
	var doc struct{ Errors []struct{ Message string } }
	require.NoError(t, json.Unmarshal([]byte(r.text), &doc), r.text)
	var all []string
	for _, e := range doc.Errors {
		all = append(all, e.Message)
	}
	return all
}

// ask sends a request with headers given in pairs; one that is empty is not sent.
func (w *world) ask(t *testing.T, method, path string, body io.Reader, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, body)
	require.NoError(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] != "" {
			req.Header.Add(headers[i], headers[i+1])
		}
	}
	res, err := w.Client().Do(req)
	require.NoError(t, err)
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return reply{res, string(text)}
}

func (w *world) post(t *testing.T, body string, headers ...string) reply {
	t.Helper()
	return w.ask(t, http.MethodPost, "/", strings.NewReader(body), append(headers, "Content-Type", plain)...)
}

// get asks by GET; parameters come in pairs.
func (w *world) get(t *testing.T, params ...string) reply {
	t.Helper()
	query := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		query.Add(params[i], params[i+1])
	}
	return w.ask(t, http.MethodGet, "/?"+query.Encode(), nil)
}

// refused requires an answer that holds one error, nothing executed, and says why.
func (r reply) refused(t *testing.T, status int, why string) {
	t.Helper()
	require.Equal(t, status, r.StatusCode, r.text)
	want, err := json.Marshal(map[string]any{"errors": []any{map[string]any{
		"message": why, "extensions": map[string]any{"code": badInput}}}})
	require.NoError(t, err)
	require.JSONEq(t, string(want), r.text)
}
