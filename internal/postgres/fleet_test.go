package postgres_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// maxLag is how far behind a standby may be in these tests.
const maxLag = 2 * time.Second

// fleet is a primary with a run that commits, a real standby of it, and a router over the two.
type fleet struct {
	*testing.T

	url     string
	store   *postgres.Store // at the primary
	run     market.Run
	hours   atomic.Int64 // of records committed
	standby *postgrestest.Standby
	line    *line // to the primary, of the router
	router  *postgres.Router

	atPrimary, atStandby *atomic.Int64 // statements of reads
	refusal              string        // what the standby said of the statement that took so long
}

func newFleet(t *testing.T) *fleet {
	f := &fleet{T: t, url: postgrestest.URL(t)}
	_, err := postgrestest.Open(t, f.url).Exec(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END $$`)
	require.NoError(t, err) // or a commit is sent a fifth of a second later
	f.store = newStoreOn(postgrestest.Open(t, f.url))
	f.run = start(t, f.store, "coingecko")
	f.commit()
	f.standby = postgrestest.NewStandby(t)
	f.line = newLine(t, f.url)
	f.serve(f.standby.URL(f.url))
	return f
}

// serve routes reads to the primary and to the replicas, as a process does that was started now.
func (f *fleet) serve(replicas ...string) {
	pool := postgres.Pool{Name: "api", MaxConns: 8, Deadline: 20 * time.Second}
	router, err := postgres.NewRouter(postgrestest.Open(f, f.line.url), f.line.url, replicas, pool, maxLag, slog.New(slog.DiscardHandler))
	require.NoError(f, err)
	counts := router.Count()
	f.router, f.atPrimary, f.atStandby = router, counts[0], counts[1]
	ctx, cancel := context.WithCancel(context.WithoutCancel(f.Context()))
	ended := make(chan struct{})
	go func() { defer close(ended); router.Run(ctx) }()
	f.Cleanup(func() { cancel(); <-ended; require.NoError(f, router.Close()) })
}

// commit commits a record and returns the version of the data from then on.
func (f *fleet) commit() int64 {
	hour := time.Duration(f.hours.Add(1)) * time.Hour
	_, err := f.store.CommitBatch(f.Context(), f.run.ID, market.Batch{Source: f.run.Source, FetchedAt: time.Now(),
		Observations: []market.Observation{observe("bitcoin", noon.Add(hour), fmt.Sprint(f.hours.Load()))}, Next: "{}"})
	require.NoError(f, err)
	return versionOf(f, f.store)
}

// until waits for a condition.
func (f *fleet) until(what string, condition func() bool) {
	f.Helper()
	require.Eventually(f, condition, 30*time.Second, 5*time.Millisecond, what)
}

func (f *fleet) untilFit() {
	f.Helper()
	f.until("the standby is read from", func() bool { return f.router.Fit(0) })
}

func (f *fleet) untilLeftOut() {
	f.Helper()
	f.until("the standby is left out", func() bool { return !f.router.Fit(0) })
}

// replayed waits until the standby has a version.
func (f *fleet) replayed(version int64) {
	f.Helper()
	db := postgrestest.Open(f, f.standby.URL(f.url))
	f.until("the standby replays", func() bool { return versionOf(f, newStoreOn(db)) >= version })
}

// request is one request: a context of its own view, and how many statements it took at the primary and at the standby.
func (f *fleet) request(ask func(context.Context)) (atPrimary, atStandby int64) {
	f.Helper()
	p, s := f.atPrimary.Load(), f.atStandby.Load()
	view := &market.View{}
	ctx := market.WithView(f.Context(), view)
	ask(ctx)
	view.Shown(ctx)
	return f.atPrimary.Load() - p, f.atStandby.Load() - s
}

// count reads how many records there are.
func (f *fleet) count(ctx context.Context) int64 {
	f.Helper()
	n, err := f.router.CountRecords(ctx, market.RecordFilter{})
	require.NoError(f, err)
	return n
}
