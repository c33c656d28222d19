package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// collector takes traces.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	bytes bytes.Buffer // as they came
	spans map[string]*tracev1.Span
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{spans: map[string]*tracev1.Span{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var sent tracev1.TracesData // to the byte what an export request is
		if err != nil || proto.Unmarshal(body, &sent) != nil {
			t.Errorf("%s is no export of traces: %v", r.URL, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bytes.Write(body)
		for _, resource := range sent.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				for _, span := range scope.Spans {
					c.spans[string(span.SpanId)] = span
				}
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// paths are the names of the spans of each trace, each behind those that it belongs to.
func (c *collector) paths() map[string][]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[string][]string{}
	for _, s := range c.spans {
		path, trace := s.Name, hex.EncodeToString(s.TraceId)
		for up := c.spans[string(s.ParentSpanId)]; up != nil; up = c.spans[string(up.ParentSpanId)] {
			path = up.Name + " > " + path
		}
		found[trace] = append(found[trace], path)
	}
	return found
}

// has tells whether there is a trace with all of these paths, and which.
func (c *collector) has(t *testing.T, paths ...string) (trace string) {
	t.Helper()
	all := c.paths()
	for trace, found := range all {
		if text := "\n" + strings.Join(found, "\n") + "\n"; !strings.Contains(text, "\n"+paths[0]+"\n") {
			continue
		}
		require.Subset(t, found, paths)
		return trace
	}
	require.Fail(t, "no trace has "+paths[0], "%v", all)
	return ""
}

// hush is in everything that must not be told, in whatever case.
const hush = "hush-hush-hush"

func send(t *testing.T, method, url, key, body string) (status int, requestID, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("X-Api-Key", key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, res.Header.Get("X-Request-Id"), string(answer)
}

// slowly has a statement of the request wait until it is slow.
func slowly(t *testing.T, url string, request func() string) (requestID string) {
	t.Helper()
	db := postgrestest.Open(t, url)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), "LOCK TABLE latest_records, records IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	done := make(chan string, 1)
	go func() { done <- request() }()
	require.Eventually(t, func() bool {
		var waits bool
		err := db.NewRaw(`SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'kasparro api' AND wait_event_type = 'Lock'
			AND query_start < now() - interval '600 ms')`).Scan(t.Context(), &waits)
		return err == nil && waits
	}, time.Minute, 20*time.Millisecond)
	require.NoError(t, tx.Rollback())
	return <-done
}

// logged is the line of the log with these values.
func (p *program) logged(want map[string]any) map[string]any {
	p.t.Helper()
	for line := range strings.Lines(p.stderr.String()) {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) != nil {
			continue
		}
		fits := true
		for name, value := range want {
			fits = fits && entry[name] == value
		}
		if fits {
			return entry
		}
	}
	require.Fail(p.t, "no such line", "%v\n%s", want, p.stderr)
	return nil
}

func TestARequestAndARunAreFollowedAndNothingIsGivenAway(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	env := away(t)
	url := strings.TrimPrefix(env[0], "DATABASE_URL=")
	env[0] += map[bool]string{true: "&", false: "?"}[strings.Contains(url, "?")] + "password=" + hush
	read, admin := hush+"-reader", hush+"-admin"
	p := launch(t, t.TempDir(), append(env, "API_KEY="+read, "ADMIN_API_KEY="+admin, "COINGECKO_API_KEY="+hush, "LOG_LEVEL=debug",
		"OTEL_EXPORTER_OTLP_ENDPOINT="+c.URL), "serve")
	base := "http://" + p.served("address")
	require.Eventually(t, func() bool { return len(successes(get(t, base+"/health", ""))) > 0 }, time.Minute, 100*time.Millisecond, "%s", p.stderr)

	const named = `{"query": "query Followed($s: [String!]) { records(filter: {symbol: $s}, first: 3) { nodes { priceUsd asset { slug } } } }", "variables": {"s": ["` + hush + `", "BTC"]}}`
	slow := slowly(t, url, func() string {
		status, id, text := send(t, "POST", base+"/graphql", read, named)
		require.Equal(t, 200, status, text)
		return id
	})
	status, _, _ := send(t, "GET", base+"/data?limit=1", read, "")
	require.Equal(t, 200, status)
	for _, wrong := range []string{"/data?api_key=" + hush, "/" + hush, "/graphql?query={" + hush + "}"} {
		send(t, "GET", base+wrong, read+"x", "")
		send(t, "GET", base+wrong, read, "")
	}
	for key, want := range map[string]int{"": 401, read: 403, admin: 200} {
		status, _, metrics := send(t, "GET", base+"/metrics", key, "")
		require.Equal(t, want, status)
		require.NotContains(t, strings.ToLower(metrics), hush)
	}
	require.Equal(t, exitDone, p.stop(syscall.SIGTERM), p.stderr)

	trace := c.has(t, "POST /graphql > graphql query Followed > Query.records > sql SELECT", "POST /graphql", "POST /graphql > graphql query Followed")
	line := p.logged(map[string]any{"msg": "slow statement", "request_id": slow})
	require.Equal(t, trace, line["trace_id"])
	require.Equal(t, "api", line["pool"])
	require.Contains(t, line["statement"], "?")
	require.Greater(t, line["took_ms"], 500.0)
	require.Equal(t, trace, p.logged(map[string]any{"msg": "request", "request_id": slow})["trace_id"])
	c.has(t, "GET /data > sql SELECT")
	trace = c.has(t, "slot csv > run csv > page csv > commit csv > sql COMMIT", "slot csv", "slot csv > run csv > page csv > commit csv > sql BEGIN")
	ended := p.logged(map[string]any{"msg": "run ended", "source": "csv"})
	require.Equal(t, trace, ended["trace_id"])
	require.Regexp(t, `^run_\d+$`, ended["run_id"])
	for path := range c.paths() {
		require.NotContains(t, path, "/metrics")
	}
	require.NotContains(t, strings.ToLower(c.bytes.String()), hush)                      // symbols are asked for in capitals
	logs := strings.ReplaceAll(strings.ToLower(p.stderr.String()), `"path":"/`+hush, "") // what was asked for, as it was
	require.NotContains(t, logs, hush)
}
