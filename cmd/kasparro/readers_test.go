package main

import (
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/simulator"
)

// readers is a service that reads from two standbys of its database.
type readers struct {
	*apiOnly
	standbys []*postgrestest.Standby
	names    []string // in its metrics
	sim      *simulator.Simulator
}

func newReaders(t *testing.T) *readers {
	sim := simulator.New(simulator.Options{Seed: 7, Coins: 50})
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	r := &readers{standbys: []*postgrestest.Standby{postgrestest.NewStandby(t), postgrestest.NewStandby(t)}, sim: sim}
	primary := postgrestest.EmptyURL(t)
	var urls []string
	for _, s := range r.standbys {
		s.Await(primary)
		u, err := url.Parse(s.URL(primary))
		require.NoError(t, err)
		urls, r.names = append(urls, u.String()), append(r.names, u.Query().Get("host")+":"+u.Query().Get("port"))
	}
	r.apiOnly = serveAPIOnly(t, "COINGECKO_BASE_URL="+srv.URL+"/coingecko/api/v3", "COINGECKO_PAGES=1", "COINGECKO_REQUESTS_PER_SECOND=100", "API_REQUESTS_PER_MINUTE=0",
		"DATABASE_URL="+primary, "DATABASE_REPLICA_URLS="+strings.Join(urls, ","), "DATABASE_REPLICA_MAX_LAG=2s")
	r.db = postgrestest.Open(t, primary)
	return r
}

// figure is what /metrics says of something, and -1 where it says nothing.
func (r *readers) figure(name string) float64 {
	r.t.Helper()
	_, _, text := send(r.t, "GET", r.base+"/metrics", testAdminKey, "")
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, "kasparro_"+name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			require.NoError(r.t, err)
			return n
		}
	}
	return -1
}

// stands waits until a standby is in a state.
func (r *readers) stands(standby int, state string) {
	r.t.Helper()
	name := `replica_state{replica="` + r.names[standby] + `",state="` + state + `"}`
	require.Eventually(r.t, func() bool { return r.figure(name) == 1 }, time.Minute, 20*time.Millisecond, "%s: %s", name, r.stderr)
}

// read is how many reads were sent to a server.
func (r *readers) read(server string) float64 {
	return r.figure(`reads_total{server="` + server + `"}`)
}

// served waits until more reads arrive at a standby.
func (r *readers) served(standby int) {
	r.t.Helper()
	before := r.read(r.names[standby])
	require.Eventually(r.t, func() bool { return r.read(r.names[standby]) > before+20 }, time.Minute, 20*time.Millisecond, "reads arrive there")
}

// ingest has the market move on, and takes it in.
func (r *readers) ingest() {
	r.t.Helper()
	require.NoError(r.t, r.sim.Advance(time.Minute))
	id := query(r.t, r.base, testAdminKey, `mutation { startEtlRun(source: "coingecko") { id source } }`)["startEtlRun"].(map[string]any)["id"].(string)
	require.Equal(r.t, "SUCCEEDED", r.awaitRun(id)["status"])
}
