package live_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/graph/live"
	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	waitAtMost = 20 * time.Second
	pollEvery  = time.Millisecond
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// world is a feed over a store of its own, woken by every commit as in the service.
type world struct {
	*testing.T

	*live.Feed
	store      *postgres.Store
	db         *bun.DB
	url        string
	statements atomic.Int64 // of the feed
	reads      atomic.Int64 // those among them that read more than whether there is anything new
	next       int          // hour of the next record
}

// BeforeQuery implements bun.QueryHook.
func (w *world) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

// AfterQuery counts.
func (w *world) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	w.statements.Add(1)
	if !strings.Contains(e.Query, "FROM commits") && !strings.Contains(e.Query, "FROM data_version") {
		w.reads.Add(1)
	}
}

func newWorld(t *testing.T) *world { return worldOver(t, postgrestest.URL(t)) }

// worldOver is the feed of another process over the same database.
func worldOver(t *testing.T, url string) *world {
	w := &world{T: t, url: url, db: postgrestest.Open(t, url)}
	w.store = postgres.New(w.db, identity.Resolve)
	w.Feed = live.New(postgres.New(postgrestest.Open(t, url).WithQueryHook(w), nil), slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{}, 2)
	go func() { w.Feed.Run(ctx); ended <- struct{}{} }()
	go func() {
		postgres.Listen(ctx, url, postgres.Wakes{Commits: w.Wake, Keys: func() {}}, func(err error) { t.Log(err) })
		ended <- struct{}{}
	}()
	t.Cleanup(func() { cancel(); <-ended; <-ended })
	require.Eventually(t, func() bool {
		probe, stop := context.WithCancel(t.Context())
		defer stop()
		_, err := w.Runs(probe, "")
		return err == nil
	}, waitAtMost, pollEvery, "it is ready as soon as it has seen the database")
	return w
}

func (w *world) start(source string) market.Run {
	run, err := w.store.StartRun(w.Context(), market.RunRequest{Source: source, Kind: market.KindAPI, Trigger: market.TriggerManual})
	require.NoError(w, err)
	return run
}

// add commits so many new records of a coin, each an hour after the one before it.
func (w *world) add(run market.Run, coin string, records int) {
	b := market.Batch{Source: run.Source, FetchedAt: time.Now()}
	for range records {
		payload := fmt.Appendf(nil, `{"coin": %q, "hour": %d}`, coin, w.next)
		sum := sha256.Sum256(payload)
		b.Observations = append(b.Observations, market.Observation{
			ExternalID: coin, Symbol: coin[:3], Name: coin, ObservedAt: noon.Add(time.Duration(w.next) * time.Hour),
			Figures: market.Figures{PriceUSD: decimal.NewFromInt(7)}, Payload: payload, PayloadHash: [16]byte(sum[:16]),
		})
		w.next++
	}
	_, err := w.store.CommitBatch(w.Context(), run.ID, b)
	require.NoError(w, err)
}

func (w *world) finish(run market.Run) {
	_, err := w.store.FinishRun(w.Context(), run.ID, market.RunEnd{Status: market.RunSucceeded})
	require.NoError(w, err)
}

// take receives so many values.
func take[T any](t *testing.T, from <-chan T, n int) (values []T) {
	t.Helper()
	for range n {
		select {
		case v, ok := <-from:
			require.True(t, ok, "it has ended after %d of %d", len(values), n)
			values = append(values, v)
		case <-time.After(waitAtMost):
			require.FailNow(t, "nothing comes", "after %d of %d", len(values), n)
		}
	}
	return values
}
