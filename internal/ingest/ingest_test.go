package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/source"
)

type step = func(context.Context) (source.Page, error)

// page yields n good items and then some that have no price.
func page(number, good, bad int) step {
	return func(context.Context) (source.Page, error) {
		p := source.Page{Next: market.Cursor(fmt.Sprintf(`{"page":%d}`, number+1)), FetchedAt: time.Now(), Bytes: 10, Effort: market.Effort{Retries: 1}}
		for i := range good + bad {
			item := goodItem(fmt.Sprintf("coin-%d-%d", number, i))
			if i >= good {
				item.Price = ""
			}
			p.Items = append(p.Items, item)
		}
		return p, nil
	}
}

func goodItem(id string) source.Item {
	return source.Item{
		ExternalID: id, Symbol: "c", Name: id, ObservedAt: time.Now().Add(-time.Minute),
		Amounts: source.Amounts{Price: "1.5"}, Payload: fmt.Appendf(nil, `{"id":%q}`, id),
	}
}

type retried struct{ error }

func (retried) Effort() (int64, int64, time.Duration) { return 4, 0, 0 }
func (retried) Wasted() int64                         { return 100 }

func fails(context.Context) (source.Page, error) {
	return source.Page{}, fmt.Errorf("page 2:\n %w", retried{errors.New("429 Too Many Requests")})
}

func run(t *testing.T, ctx context.Context, s *postgres.Store, steps ...step) market.Run {
	t.Helper()
	r := ingest.Runner{Store: s, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
	ended, err := r.Run(ctx, &script{steps}, ingest.Request{Trigger: market.TriggerManual})
	require.NoError(t, err)
	return ended
}

func newStore(t *testing.T) *postgres.Store {
	return postgres.New(postgrestest.New(t), identity.Resolve)
}

func TestHowRunsEnd(t *testing.T) {
	incomplete := func(ctx context.Context) (source.Page, error) {
		p, err := page(2, 1, 0)(ctx)
		p.Incomplete = "prices.csv has no date column"
		return p, err
	}
	for name, c := range map[string]struct {
		steps  []step
		status market.RunStatus
		cursor market.Cursor
		counts market.Counters
		error  string
	}{
		"to the end": {
			[]step{page(1, 3, 0), page(2, 2, 1)}, market.RunSucceeded, `{"page": 3}`,
			market.Counters{Extracted: 6, Inserted: 5, Rejected: 1, Pages: 2, Retries: 2, BytesFetched: 20}, "",
		},
		"nothing to say": {nil, market.RunSucceeded, "", market.Counters{}, ""},
		"failed at once": {
			[]step{fails}, market.RunFailed, "", market.Counters{Retries: 4, BytesFetched: 100}, "page 2: 429 Too Many Requests",
		},
		"failed on the way": {
			[]step{page(1, 3, 0), fails}, market.RunPartial, `{"page": 2}`,
			market.Counters{Extracted: 3, Inserted: 3, Pages: 1, Retries: 5, BytesFetched: 110}, "page 2: 429 Too Many Requests",
		},
		"a part refused": {
			[]step{page(1, 1, 0), incomplete}, market.RunPartial, `{"page": 3}`,
			market.Counters{Extracted: 2, Inserted: 2, Pages: 2, Retries: 2, BytesFetched: 20}, "prices.csv has no date column",
		},
		"many rejected, but few of the page": {
			[]step{page(1, 26, 25)}, market.RunSucceeded, `{"page": 2}`,
			market.Counters{Extracted: 51, Inserted: 26, Rejected: 25, Pages: 1, Retries: 1, BytesFetched: 10}, "",
		},
		"most of a small page rejected": {
			[]step{page(1, 0, 24)}, market.RunSucceeded, `{"page": 2}`,
			market.Counters{Extracted: 24, Rejected: 24, Pages: 1, Retries: 1, BytesFetched: 10}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			ended := run(t, t.Context(), newStore(t), c.steps...)
			require.Equal(t, c.status, ended.Status)
			require.Equal(t, c.error, ended.Error)
			require.Equal(t, c.cursor, ended.CursorAfter)
			require.Equal(t, c.counts, ended.Counters)
			require.NotNil(t, ended.FinishedAt)
		})
	}
}

func TestAPageThatCannotBeReadStopsTheRun(t *testing.T) {
	s := newStore(t)
	ended := run(t, t.Context(), s, page(1, 2, 0), page(2, 25, 25), page(3, 2, 0))
	require.Equal(t, market.RunPartial, ended.Status)
	require.Contains(t, ended.Error, "25 of 50 items")
	require.Contains(t, ended.Error, "missing_price")
	require.Equal(t, market.Cursor(`{"page": 2}`), ended.CursorAfter, "the page is tried again")
	require.EqualValues(t, 2, ended.Inserted)
	n, err := s.CountRejections(t.Context(), market.RejectionFilter{})
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestAskedToStopItFinishesThePageInHand(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	asked := func(ctx context.Context) (source.Page, error) {
		stop()
		return page(1, 2, 0)(ctx)
	}
	s := newStore(t)
	ended := run(t, ctx, s, asked, page(2, 2, 0))
	require.Equal(t, market.RunInterrupted, ended.Status)
	require.Empty(t, ended.Error)
	require.EqualValues(t, 2, ended.Inserted)
	require.Equal(t, market.Cursor(`{"page": 2}`), ended.CursorAfter)

	again, err := s.StartRun(t.Context(), market.RunRequest{Source: "script", Kind: market.KindAPI, Trigger: market.TriggerManual})
	require.NoError(t, err)
	require.Equal(t, market.Cursor(`{"page": 2}`), again.CursorBefore, "the next run resumes")
}

// A run that somebody else has closed stops extracting at its next heartbeat.
func TestAClosedRunStops(t *testing.T) {
	db := postgrestest.New(t)
	s := postgres.New(db, identity.Resolve)
	closed := func(ctx context.Context) (source.Page, error) {
		if _, err := db.ExecContext(ctx, "UPDATE etl_runs SET status = 'abandoned', finished_at = now()"); err != nil {
			return source.Page{}, err
		}
		<-ctx.Done() // only a heartbeat that finds the run closed ends this
		return source.Page{}, ctx.Err()
	}
	r := ingest.Runner{Store: s, Log: slog.New(slog.DiscardHandler), Beat: time.Millisecond}
	_, err := r.Run(t.Context(), &script{[]step{page(1, 2, 0), closed}}, ingest.Request{Trigger: market.TriggerManual})
	require.ErrorIs(t, err, market.ErrFenced)
	require.NoError(t, t.Context().Err())
}

func TestOneRunOfASourceAtATime(t *testing.T) {
	s := newStore(t)
	r := ingest.Runner{Store: s, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
	second := func(ctx context.Context) (source.Page, error) {
		_, err := r.Run(ctx, &script{}, ingest.Request{Trigger: market.TriggerManual})
		require.ErrorIs(t, err, market.ErrRunning)
		return page(1, 1, 0)(ctx)
	}
	require.Equal(t, market.RunSucceeded, run(t, t.Context(), s, second).Status)
}

// A source that panics leaves a run that does not beat any more, and is given up like that of a dead process.
func TestARunWhoseSourcePanicsIsSilent(t *testing.T) {
	s := &beating{Store: newStore(t)}
	r := ingest.Runner{Store: s, Log: slog.New(slog.DiscardHandler), Beat: time.Millisecond}
	panics := func(context.Context) (source.Page, error) { panic("no such case") }
	require.Panics(t, func() {
		_, _ = r.Run(t.Context(), &script{[]step{page(1, 2, 0), panics}}, ingest.Request{Trigger: market.TriggerManual})
	})
	beats := s.beats.Load()
	for range 50 { // as many trips to the database take many a beat
		require.NoError(t, s.Ping(t.Context()))
	}
	require.Equal(t, beats, s.beats.Load())
}

// beating counts heartbeats.
type beating struct {
	*postgres.Store
	beats atomic.Int64
}

func (b *beating) Heartbeat(ctx context.Context, runID int64) error {
	b.beats.Add(1)
	return b.Store.Heartbeat(ctx, runID)
}
