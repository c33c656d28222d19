package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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

// fleet is a primary with a run that commits, real standbys of it, and a router over some of them.
type fleet struct {
	testing.TB

	url      string
	store    *postgres.Store // at the primary
	run      market.Run
	hours    atomic.Int64 // of records committed
	standbys []*postgrestest.Standby
	standby  *postgrestest.Standby // the first
	line     *line                 // to the primary, of the routers
	router   *postgres.Router

	atPrimary, atStandby *atomic.Int64   // statements of reads, at the first standby
	counts               []*atomic.Int64 // of all servers, the primary first
	refusal              string          // what the standby said of the statement that took so long
}

func newFleet(t testing.TB, standbys int) *fleet {
	f := &fleet{TB: t, url: postgrestest.URL(t)}
	_, err := postgrestest.Open(t, f.url).Exec(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END $$`)
	require.NoError(t, err) // or a commit is sent a fifth of a second later
	f.store = newStoreOn(postgrestest.Open(t, f.url))
	f.run = start(t, f.store, "coingecko")
	f.commit()
	for range standbys {
		f.standbys = append(f.standbys, postgrestest.NewStandby(t))
	}
	f.standby, f.line = f.standbys[0], newLine(t, f.url)
	return f
}

// over has reads routed to the primary and to standbys, as a process does that was started now, until stop is called.
func (f *fleet) over(standbys ...*postgrestest.Standby) (stop func()) {
	f.Helper()
	router, shut := f.process(standbys...)
	counts := router.Count()
	f.router, f.counts, f.atPrimary, f.atStandby = router, counts, counts[0], counts[1]
	ctx, cancel := context.WithCancel(context.WithoutCancel(f.Context()))
	ended := make(chan struct{})
	go func() { defer close(ended); router.Run(ctx) }()
	return func() { cancel(); <-ended; shut() }
}

// process makes a router that does not look yet. It is closed by stop.
func (f *fleet) process(standbys ...*postgrestest.Standby) (router *postgres.Router, stop func()) {
	f.Helper()
	var urls []string
	for _, s := range standbys {
		urls = append(urls, s.URL(f.url))
	}
	pool := postgres.Pool{Name: "api", MaxConns: 8, Deadline: 20 * time.Second}
	reads, err := postgres.Open(f.line.url, pool)
	require.NoError(f, err)
	router, err = postgres.NewRouter(reads, f.line.url, urls, pool, maxLag, slog.New(slog.DiscardHandler))
	require.NoError(f, err)
	return router, func() { require.NoError(f, errors.Join(router.Close(), reads.Close())) }
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
	f.until("all standbys are read from", func() bool { return !slices.Contains(f.fit(), false) })
}

func (f *fleet) untilLeftOut(standby int) {
	f.Helper()
	f.until("the standby is left out", func() bool { return !f.fit()[standby] })
}

// fit tells which standbys are read from.
func (f *fleet) fit() (fit []bool) {
	replicas, _ := f.router.Replicas()
	for _, r := range replicas {
		fit = append(fit, r.State == postgres.ReplicaUsed)
	}
	return fit
}

// is tells how a standby stands.
func (f *fleet) is(standby int) postgres.Replica {
	replicas, _ := f.router.Replicas()
	return replicas[standby]
}

// replayed waits until the first standby has a version.
func (f *fleet) replayed(version int64) { f.Helper(); f.replayedAt(0, version) }

func (f *fleet) replayedAt(standby int, version int64) {
	f.Helper()
	db := postgrestest.Open(f, f.standbys[standby].URL(f.url))
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

// countAt is a request of a router that asks how many records there are.
func (f *fleet) countAt(router *postgres.Router) int64 {
	f.Helper()
	view := &market.View{}
	ctx := market.WithView(f.Context(), view)
	n, err := router.CountRecords(ctx, market.RecordFilter{})
	require.NoError(f, err)
	view.Shown(ctx)
	return n
}
