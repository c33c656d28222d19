package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/simulator"
)

// ownMaking is what an answer says of its own making.
var ownMaking = regexp.MustCompile(`"request_id":"[^"]*","api_latency_ms":[0-9.]+`)

// kept are the answers that clients have, by target and tag: two of one tag must be alike, whichever server they came from.
type kept struct {
	mu      sync.Mutex
	answers map[string]string
}

func (k *kept) add(target, tag, body string) (same bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	body = ownMaking.ReplaceAllString(body, "")
	before, known := k.answers[target+tag]
	k.answers[target+tag] = body
	return !known || before == body
}

// client asks one request after the other, as a client does that keeps what it has, and never sees the data go back.
func (s *apiOnly) client(ctx context.Context, t *testing.T, k *kept, requests *atomic.Int64) {
	targets := []string{"/stats", "/data?limit=5&page=2", "/runs", "/graphql?query=" + url.QueryEscape(`{ records(first: 3) { nodes { id asset { slug listings { externalId } } } totalCount } }`)}
	have, most := make([]string, len(targets)), 0.0
	for rounds := 0; ctx.Err() == nil; rounds++ {
		for i, target := range targets {
			status, tag, body := tagOf(t, s.base+target, have[i])
			requests.Add(1)
			switch {
			case status == http.StatusNotModified && tag == have[i] && tag != "":
				continue
			case status != http.StatusOK:
				t.Errorf("%s: %d %s", target, status, body)
			case tag != "" && !k.add(target, tag, body):
				t.Errorf("%s: two answers have the tag %s", target, tag)
			}
			if have[i] = tag; rounds%2 == 0 { // half of what could be kept is asked for anew
				have[i] = ""
			}
			var stats struct {
				Records *float64 `json:"total_records"`
			}
			if err := json.Unmarshal([]byte(body), &stats); err != nil {
				t.Error(err)
			}
			if stats.Records == nil {
				continue
			}
			total := query(t, s.base, testKey, `{ records(first: 1) { totalCount } }`)["records"].(map[string]any)["totalCount"].(float64)
			if *stats.Records < most || total < *stats.Records {
				t.Errorf("from %v records to %v to %v", most, *stats.Records, total)
			}
			most = total
		}
	}
}

// serveFromStandby is a service that reads from a standby of its database.
func serveFromStandby(t *testing.T) (*apiOnly, *postgrestest.Standby, *simulator.Simulator) {
	sim := simulator.New(simulator.Options{Seed: 7, Coins: 50})
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	primary, standby := postgrestest.EmptyURL(t), postgrestest.NewStandby(t)
	s := serveAPIOnly(t, "COINGECKO_BASE_URL="+srv.URL+"/coingecko/api/v3", "COINGECKO_PAGES=1", "COINGECKO_REQUESTS_PER_SECOND=100", "API_REQUESTS_PER_MINUTE=0",
		"DATABASE_URL="+primary, "DATABASE_REPLICA_URLS="+standby.URL(primary), "DATABASE_REPLICA_MAX_LAG=2s")
	s.db = postgrestest.Open(t, primary)
	return s, standby, sim
}

// noted waits until the log has so many lines that hold a text.
func (s *apiOnly) noted(text string, times int) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return strings.Count(s.stderr.String(), text) >= times }, time.Minute, 20*time.Millisecond, "%s: %s", text, s.stderr)
}

const readFrom, leftOut = "a replica is read from", "a replica is left out"

// While coins come in, the standby is paused, falls behind, is killed and comes back: no client sees an error, anything
// go back, or a tag for two answers.
func TestClientsOfAStandbyThatDies(t *testing.T) {
	t.Parallel()
	s, standby, sim := serveFromStandby(t)
	s.noted(readFrom, 1)
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	var requests atomic.Int64
	answers := &kept{answers: map[string]string{}}
	for range 2 {
		clients.Go(func() { s.client(ctx, t, answers, &requests) })
	}
	defer func() { stop(); clients.Wait() }()
	ingest := func() {
		t.Helper()
		require.NoError(t, sim.Advance(time.Minute))
		id := query(t, s.base, testAdminKey, `mutation { startEtlRun(source: "coingecko") { id source } }`)["startEtlRun"].(map[string]any)["id"].(string)
		require.Equal(t, "SUCCEEDED", s.awaitRun(id)["status"])
	}
	ingest()
	outs := strings.Count(s.stderr.String(), leftOut)
	standby.Pause()
	ingest()
	s.noted(leftOut, outs+1)
	ingest()
	reads := strings.Count(s.stderr.String(), readFrom)
	standby.Resume()
	s.noted(readFrom, reads+1)
	ingest()
	standby.Kill()
	ingest()
	s.noted(leftOut, outs+2)
	standby.Start()
	s.noted(readFrom, reads+2)
	ingest()
	atStandby := standby.Admin()
	require.Eventually(t, func() bool {
		var n int
		return atStandby.NewRaw("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kasparro api' AND query_start > now() - interval '1 second'").Scan(t.Context(), &n) == nil && n > 0
	}, time.Minute, 20*time.Millisecond, "reads arrive there again")
	stop()
	clients.Wait()
	t.Logf("%d requests, %d different answers", requests.Load(), len(answers.answers))
}

// heard returns the data of the first event of a subscription that is asked for by GET.
func (s *apiOnly) heard(ctx context.Context, subscription string) <-chan string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/graphql?query="+url.QueryEscape(subscription), nil)
	require.NoError(s.t, err)
	request.Header.Set("X-Api-Key", testKey)
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, response.StatusCode)
	first := make(chan string, 1)
	go func() {
		defer response.Body.Close()
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				first <- data
				return
			}
		}
		close(first)
	}()
	return first
}

// Whoever is told of a record finds it, though no standby has it yet; and so does whoever has written something.
func TestWhatIsToldOfIsFound(t *testing.T) {
	t.Parallel()
	s, standby, _ := serveFromStandby(t)
	s.noted(readFrom, 1)
	standby.Pause()
	event := s.heard(t.Context(), `subscription { recordAdded(filter: {source: ["coingecko"]}) { id asset { slug listings { externalId } } } }`)
	run := query(t, s.base, testAdminKey, `mutation { startEtlRun(source: "coingecko") { id } }`)["startEtlRun"].(map[string]any)["id"].(string)
	require.NotNil(t, query(t, s.base, testKey, `{ etlRun(id: "`+run+`") { id } }`)["etlRun"])
	var told struct {
		Data struct {
			RecordAdded struct {
				ID    string
				Asset struct{ Slug string }
			}
		}
	}
	select {
	case text := <-event:
		require.NoError(t, json.Unmarshal([]byte(text), &told), "%s", text)
		require.NotEmpty(t, told.Data.RecordAdded.Asset.Slug, "%s", text)
	case <-time.After(time.Minute):
		require.Fail(t, "nothing is told", s.stderr)
	}
	require.NotNil(t, query(t, s.base, testKey, `{ node(id: "`+told.Data.RecordAdded.ID+`") { id } }`)["node"])
	standby.Resume()
}
