package wire_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph/wire"
)

// events asks for events; what has come of them is to be read from the body.
func (w *liveWorld) events(t *testing.T, method, path, body string, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Accept", eventStream)
	req.Header.Set("X-Key", goodKey)
	if body != "" {
		req.Header.Set("Content-Type", plain)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.Client().Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

var comments = regexp.MustCompile(`(?m)^:\n\n`)

// all is what comes until the stream ends, comments left aside.
func all(t *testing.T, res *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return comments.ReplaceAllString(string(text), "")
}

// upTo reads up to a line.
func upTo(t *testing.T, from *bufio.Reader, line string) {
	t.Helper()
	for {
		text, err := from.ReadString('\n')
		require.NoError(t, err)
		if text == line+"\n" {
			return
		}
	}
}

func TestASubscriptionAsEvents(t *testing.T) {
	for method, ask := range map[string][2]string{
		http.MethodGet:  {"/?query=subscription{ticks}", ""},
		http.MethodPost: {"/", `{"query": "subscription { ticks }"}`},
	} {
		t.Run(method, func(t *testing.T) {
			w := newLiveWorld(t, nil)
			res := w.events(t, method, ask[0], ask[1])
			require.Equal(t, http.StatusOK, res.StatusCode)
			require.Equal(t, "text/event-stream; charset=utf-8", res.Header.Get("Content-Type"))
			require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
			require.Equal(t, "no", res.Header.Get("X-Accel-Buffering"))
			require.Equal(t, "Accept", res.Header.Get("Vary"))
			body := bufio.NewReader(res.Body)
			w.feed <- `{"ticks":1}`
			upTo(t, body, "event: next")
			upTo(t, body, `data: {"data":{"ticks":1}}`) // each comes at once
			w.feed <- "{\"ticks\":\r\n2}"
			close(w.feed)
			rest, err := io.ReadAll(body)
			require.NoError(t, err)
			require.Equal(t, "\nevent: next\ndata: {\"data\":{\"ticks\":  2}}\n\nevent: complete\ndata:\n\n", string(rest))
		})
	}
}

func TestQueriesAndMutationsAsEvents(t *testing.T) {
	w := newLiveWorld(t, nil)
	const once = "event: next\ndata: {\"data\":{\"any\":1}}\n\nevent: complete\ndata:\n\n"
	require.Equal(t, once, all(t, w.events(t, http.MethodGet, "/?query={any}", "")))
	require.Equal(t, once, all(t, w.events(t, http.MethodPost, "/", `{"query": "{ any }"}`)))
	require.Equal(t, once, all(t, w.events(t, http.MethodPost, "/", `{"query": "mutation { change }"}`)))
	heard := w.listens()
	require.Equal(t, http.StatusMethodNotAllowed, w.events(t, http.MethodGet, "/?query=mutation{change}", "").StatusCode)
	require.Empty(t, heard.RawQuery)
}

// What is wrong with the operation is told by an event, what is wrong with the request by its status.
func TestErrorsAsEvents(t *testing.T) {
	w := newLiveWorld(t, nil)
	res := w.events(t, http.MethodGet, "/?query={nothing}", "")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, `event: next
data: {"errors":[{"message":"Cannot query field \"nothing\" on type \"Query\".","locations":[{"line":1,"column":2}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]}

event: complete
data:

`, all(t, res))
	res = w.events(t, http.MethodPost, "/", `{"query": 1}`)
	require.Equal(t, http.StatusBadRequest, res.StatusCode)
	require.Equal(t, "application/json; charset=utf-8", res.Header.Get("Content-Type"))
	w.begin = func(context.Context) error { return errors.New("it cannot begin") }
	require.Equal(t, "event: next\ndata: {\"errors\":[{\"message\":\"it cannot begin\"}]}\n\nevent: complete\ndata:\n\n",
		all(t, w.events(t, http.MethodGet, "/?query=subscription{ticks}", "")))
	w.begin = func(context.Context) error { panic("it breaks") }
	require.Contains(t, all(t, w.events(t, http.MethodGet, "/?query=subscription{ticks}", "")), `"message":"panic: it breaks`)
}

func TestAStreamEndsWithTheErrorOfItsProducer(t *testing.T) {
	w := newLiveWorld(t, nil)
	w.begin = func(ctx context.Context) error { wire.End(ctx, errors.New("too slow")); return nil }
	close(w.feed)
	require.Equal(t, "event: next\ndata: {\"errors\":[{\"message\":\"too slow\"}]}\n\nevent: complete\ndata:\n\n",
		all(t, w.events(t, http.MethodGet, "/?query=subscription{ticks}", "")))
}

func TestWhoGetsEvents(t *testing.T) {
	w := newLiveWorld(t, nil)
	close(w.feed)
	for _, c := range []struct {
		accept        string
		query, ticks  string // what a query and a subscription are answered in
		queryS, tickS int
	}{
		{eventStream, eventStream, eventStream, 200, 200},
		{"text/*", eventStream, eventStream, 200, 200},
		{"text/event-stream;charset=utf-8", eventStream, eventStream, 200, 200},
		{"text/event-stream, */*", eventStream, eventStream, 200, 200},
		{"text/event-stream, application/json;q=0.9", eventStream, eventStream, 200, 200},
		{"application/json, text/event-stream", plain, eventStream, 200, 200},
		{"application/json, text/event-stream;q=0.1", plain, eventStream, 200, 200},
		{response + ", application/json, text/event-stream, multipart/mixed", plain, eventStream, 200, 200},
		{"application/json, text/event-stream;q=0", plain, plain, 200, 400},
		{plain, plain, plain, 200, 400},
		{response, response, response, 200, 400},
		{"*/*", plain, plain, 200, 400},
		{"text/html", plain, plain, 406, 406},
		{"text/event-stream;q=0", plain, plain, 406, 406},
	} {
		t.Run(c.accept, func(t *testing.T) {
			for query, want := range map[string]struct {
				kind   string
				status int
			}{"{any}": {c.query, c.queryS}, "subscription{ticks}": {c.ticks, c.tickS}} {
				res := w.events(t, http.MethodGet, "/?query="+query, "", "Accept", c.accept)
				require.Equal(t, want.status, res.StatusCode, query)
				require.Equal(t, want.kind+"; charset=utf-8", res.Header.Get("Content-Type"), query)
			}
		})
	}
	w.get(t, "query", "subscription { ticks }").refused(t, http.StatusBadRequest, "a subscription goes on and on, which a single answer cannot: "+
		"accept text/event-stream, or ask over a WebSocket of the subprotocol graphql-transport-ws")
	w.ask(t, http.MethodGet, "/?query={any}", nil, "Accept", "text/html").refused(t, http.StatusNotAcceptable,
		"an answer is made in application/graphql-response+json, application/json or, as events, text/event-stream: accept one of them")
	require.Equal(t, http.StatusNotAcceptable, w.events(t, http.MethodHead, "/?query={any}", "").StatusCode)
	require.Equal(t, http.StatusNotAcceptable, newWorld(t).ask(t, http.MethodGet, "/?query={any}", nil, "Accept", eventStream).StatusCode)
}

func TestAStreamShowsThatItIsAlive(t *testing.T) {
	w := newLiveWorld(t, func(w *liveWorld) { w.Live.Times = wire.Times{Check: quick.Check, Ping: quick.Ping} })
	body := bufio.NewReader(w.events(t, http.MethodGet, "/?query=subscription{ticks}", "").Body)
	for range 4 {
		upTo(t, body, ":")
	}
}

func TestTheClientOfAStreamLeaves(t *testing.T) {
	w := newLiveWorld(t, nil)
	res := w.events(t, http.MethodGet, "/?query=subscription{ticks}", "")
	begun := <-w.begun
	require.NoError(t, res.Body.Close())
	<-begun.Done()
}

// Without `complete`, so that clients come again.
func TestStreamsEndWithTheService(t *testing.T) {
	w := newLiveWorld(t, nil)
	res := w.events(t, http.MethodGet, "/?query=subscription{ticks}", "")
	<-w.begun
	w.Live.Close()
	require.Empty(t, all(t, res))
}
