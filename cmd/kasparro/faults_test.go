package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/simulator"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coingecko"
	"github.com/kasparro/kasparro/internal/source/coinpaprika"
	"github.com/kasparro/kasparro/internal/upstream"
)

// These tests let an upstream misbehave in every way that it knows, between two clean runs, and hold
// what is stored against the ledger of all that it served.

const (
	gecko     = "coingecko"
	paprika   = "coinpaprika"
	secretKey = "a-key-that-must-not-travel"
	pageSize  = 30
	pagesMost = 6
)

// rig is one source over a simulated upstream and a database of its own.
type rig struct {
	up    string
	sim   *simulator.Simulator // its clock stands still, but for a minute a run
	base  string               // of its server
	db    *bun.DB
	store *postgres.Store
	asked int // requests before the last run

	before    map[string]time.Time // latest, before the fault
	until     time.Time            // when a Retry-After is over
	elsewhere atomic.Int64         // requests that another host got
}

func newRig(t *testing.T, up string) *rig {
	t.Helper()
	began := time.Now().Add(-time.Hour)
	r := &rig{up: up}
	r.sim = simulator.New(simulator.Options{
		Seed: 7, Coins: 80, Keep: -1, Now: func() time.Time { return began },
	})
	server := httptest.NewServer(r.sim)
	t.Cleanup(func() {
		r.sim.ClearFaults()
		server.Close()
	})
	r.base = server.URL
	r.db = postgrestest.New(t)
	r.store = postgres.New(r.db, identity.Resolve)
	return r
}

// source is the upstream as the service reads it, but impatient.
func (r *rig) source(o upstream.Options) source.Source {
	o.BaseWait = time.Millisecond
	client := upstream.New(o)
	if r.up == gecko {
		return coingecko.New(coingecko.Options{
			BaseURL: r.base + "/coingecko/api/v3", APIKey: secretKey, Pages: pagesMost, PageSize: pageSize, Client: client,
		})
	}
	return coinpaprika.New(coinpaprika.Options{
		BaseURL: r.base + "/coinpaprika/v1", APIKey: secretKey, PageItems: pageSize, Client: client,
	})
}

// run lets a minute go by and runs the source once. What holds of every run is checked.
func (r *rig) run(t *testing.T, o upstream.Options) market.Run {
	t.Helper()
	require.NoError(t, r.sim.Advance(time.Minute))
	r.asked = len(r.served())
	runner := ingest.Runner{Store: r.store, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
	run, err := runner.Run(t.Context(), r.source(o), ingest.Request{Trigger: market.TriggerManual})
	require.NoError(t, err)
	require.Equal(t, run.Extracted, run.Inserted+run.Updated+run.Unchanged+run.Rejected)
	require.Equal(t, run.Status == market.RunSucceeded, run.Error == "", run.Error)
	require.NotContains(t, run.Error, "\n")
	require.NotContains(t, run.Error, secretKey)
	require.Equal(t, run.Retries, run.Waits, "each repetition is waited for once")
	open, err := r.store.CountRuns(t.Context(), market.RunFilter{Statuses: []market.RunStatus{market.RunRunning}})
	require.NoError(t, err)
	require.Zero(t, open)
	require.JSONEq(t, string(run.CursorAfter), r.checkpoint(t))
	r.requireStored(t)
	return run
}

// clean is a run over an upstream without faults.
func (r *rig) clean(t *testing.T) market.Run {
	t.Helper()
	run := r.run(t, upstream.Options{})
	require.Equal(t, market.RunSucceeded, run.Status, run.Error)
	require.Zero(t, run.Retries)
	require.Zero(t, run.Rejected)
	require.Positive(t, run.Inserted)
	return run
}

// cease ends the faults, once no request is held back by them any more.
func (r *rig) cease(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		w := httptest.NewRecorder()
		r.sim.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/control/faults", nil))
		var state struct{ Stalled int }
		return json.Unmarshal(w.Body.Bytes(), &state) == nil && state.Stalled == 0
	}, 20*time.Second, time.Millisecond)
	r.sim.ClearFaults()
}

// otherHost starts a host to which no request may be led, least of all one with a key.
func (r *rig) otherHost(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { r.elsewhere.Add(1) }))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// served are all answers so far.
func (r *rig) served() []simulator.Answer {
	_, all := r.sim.Ledger()
	return all
}

// checkpoint is where the source was left, "" for nowhere.
func (r *rig) checkpoint(t *testing.T) (cursor string) {
	t.Helper()
	require.NoError(t, r.db.NewRaw(`SELECT coalesce((SELECT c.cursor::text FROM checkpoints c JOIN sources s ON s.id = c.source_id
		WHERE s.name = ? AND c.stream = ''), 'null')`, r.up).Scan(t.Context(), &cursor))
	return cursor
}
