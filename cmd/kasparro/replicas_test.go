package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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

// Two standbys, which take their time to be made, for all of it.
func TestStandbys(t *testing.T) {
	t.Parallel()
	r := newReaders(t)
	for i := range r.standbys {
		r.stands(i, "used")
	}
	t.Run("the doctor looks at them", func(t *testing.T) { theDoctorLooks(t, r.standbys[0]) })
	t.Run("what is told of is found", r.toldIsFound)
	t.Run("clients notice nothing while they break", r.clientsNoticeNothing)
}

// One standby falls behind, the other is killed, so that there is none, and both come back; then one is promoted by mistake. No client
// sees an error, anything go back, or one tag for two answers.
func (r *readers) clientsNoticeNothing(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	var requests atomic.Int64
	answers := &kept{answers: map[string]string{}}
	for range 2 {
		clients.Go(func() { r.client(ctx, t, answers, &requests) })
	}
	defer func() { stop(); clients.Wait() }()
	one, other := r.standbys[0], r.standbys[1]
	r.ingest()
	r.served(0)
	r.served(1)
	one.Pause()
	r.ingest()
	r.stands(0, "behind")
	require.Greater(t, r.figure(`replica_lag_seconds{replica="`+r.names[0]+`"}`), 2.0)
	r.served(1)
	other.Kill()
	r.ingest()
	r.stands(1, "gone")
	before := r.read("primary")
	require.Eventually(t, func() bool { return r.read("primary") > before+20 }, time.Minute, 20*time.Millisecond, "reads arrive at the primary")
	one.Resume()
	other.Start()
	r.stands(0, "used")
	r.stands(1, "used")
	r.ingest()
	r.served(0)
	r.served(1)
	_, err := one.Admin().ExecContext(t.Context(), "SELECT pg_promote()")
	require.NoError(t, err)
	r.stands(0, "foreign")
	r.ingest()
	left := r.read(r.names[0])
	r.served(1)
	require.Equal(t, left, r.read(r.names[0]), "nothing is read there")
	stop()
	clients.Wait()
	t.Logf("%d requests, %d different answers; reads: primary %v, standbys %v and %v; moved %v and %v", requests.Load(), len(answers.answers), r.read("primary"), r.read(r.names[0]), r.read(r.names[1]),
		r.figure(`replica_reads_moved_total{replica="`+r.names[0]+`"}`), r.figure(`replica_reads_moved_total{replica="`+r.names[1]+`"}`))
}
