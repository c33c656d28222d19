package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
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

// sighting is a coin as of a moment.
type sighting struct {
	id string
	at time.Time
}

func sightingOf(t *testing.T, s simulator.Stamp) sighting {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s.LastUpdated)
	require.NoError(t, err)
	return sighting{s.ID, at.UTC()}
}

// requireStored holds the records against the ledger: everything that was served so that it can be
// read is there once, and nothing else is.
func (r *rig) requireStored(t *testing.T) {
	t.Helper()
	want := map[sighting]bool{}
	for _, a := range r.served() {
		for _, s := range a.Rows {
			want[sightingOf(t, s)] = true
		}
	}
	stored := r.sightings(t, "records")
	for _, v := range stored {
		require.True(t, want[v], "%v was not served, or is stored twice", v)
		delete(want, v)
	}
	require.Empty(t, want, "served and not stored")
	count, err := r.store.CountRecords(t.Context(), market.RecordFilter{})
	require.NoError(t, err)
	require.EqualValues(t, len(stored), count, "the maintained count")
}

// sightings are the records of a table.
func (r *rig) sightings(t *testing.T, table bun.Ident) (all []sighting) {
	t.Helper()
	rows, err := r.db.QueryContext(t.Context(), "SELECT l.external_id, r.observed_at FROM ? r JOIN listings l ON l.id = r.listing_id", table)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var s sighting
		require.NoError(t, rows.Scan(&s.id, &s.at))
		s.at = s.at.UTC()
		all = append(all, s)
	}
	require.NoError(t, rows.Err())
	return all
}

// latest is when the newest record of each coin is of.
func (r *rig) latest(t *testing.T) map[string]time.Time {
	t.Helper()
	newest := map[string]time.Time{}
	for _, s := range r.sightings(t, "latest_records") {
		newest[s.id] = s.at
	}
	return newest
}

func (r *rig) rejections(t *testing.T, run market.Run) []market.Rejection {
	t.Helper()
	page, err := r.store.Rejections(t.Context(), market.RejectionFilter{RunID: &run.ID}, market.Window[int64]{Size: 500})
	require.NoError(t, err)
	return page.Items
}

// mentions tells whether a word is in the list; the empty one is in every list but an empty one.
func mentions(list []string, word string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, word) })
}
