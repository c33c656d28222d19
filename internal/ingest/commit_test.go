package ingest_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// flaky is a store over a line that fails as told: the n-th commit, before or after it is done, and
// so many heartbeats.
type flaky struct {
	*postgres.Store
	commit     int  // which fails, counted from 1
	done       bool // it is the answer that is lost
	heartbeats int  // that fail from then on
	commits    int
}

func (f *flaky) CommitBatch(ctx context.Context, runID int64, b market.Batch) (market.Counters, error) {
	f.commits++
	if f.commits != f.commit {
		return f.Store.CommitBatch(ctx, runID, b)
	}
	if f.done {
		if _, err := f.Store.CommitBatch(ctx, runID, b); err != nil {
			return market.Counters{}, err
		}
	}
	return market.Counters{}, fmt.Errorf("%w: the line was cut", market.ErrUnavailable)
}

func (f *flaky) Heartbeat(ctx context.Context, runID int64) error {
	if f.commits >= f.commit && f.heartbeats > 0 {
		f.heartbeats--
		return fmt.Errorf("%w: the line is still cut", market.ErrUnavailable)
	}
	return f.Store.Heartbeat(ctx, runID)
}

// Whether the line is cut before a page is stored or before the answer comes back, the page is
// stored once and counted once.
func TestACommitWithoutAnAnswerIsSettled(t *testing.T) {
	want := market.Counters{Extracted: 7, Inserted: 6, Rejected: 1, Pages: 3, Retries: 3, BytesFetched: 30}
	for commit := 1; commit <= 3; commit++ {
		for _, done := range []bool{false, true} {
			t.Run(fmt.Sprintf("commit %d, done %v", commit, done), func(t *testing.T) {
				s := postgres.New(postgrestest.New(t), identity.Resolve)
				f := &flaky{Store: s, commit: commit, done: done, heartbeats: 2}
				r := ingest.Runner{Store: f, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
				var last market.Counters
				r.OnPage = func(_ string, so ingest.Progress) { last = so.Counters }
				run, err := r.Run(t.Context(), &script{[]step{page(1, 2, 0), page(2, 3, 1), page(3, 1, 0)}},
					ingest.Request{Trigger: market.TriggerManual})
				require.NoError(t, err)
				require.Equal(t, market.RunSucceeded, run.Status, run.Error)
				require.Equal(t, want, run.Counters)
				require.Equal(t, want, last)
				n, err := s.CountRecords(t.Context(), market.RecordFilter{})
				require.NoError(t, err)
				require.EqualValues(t, 6, n)
			})
		}
	}
}

// A run that was closed while the line was cut is over, whatever became of its page.
func TestACommitOfAClosedRunIsNotSentAgain(t *testing.T) {
	db := postgrestest.New(t)
	f := &flaky{Store: postgres.New(db, identity.Resolve), commit: 1}
	closing := func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, "UPDATE etl_runs SET status = 'abandoned', finished_at = now()")
		return err
	}
	r := ingest.Runner{Store: &closer{f, closing}, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
	_, err := r.Run(t.Context(), &script{[]step{page(1, 2, 0)}}, ingest.Request{Trigger: market.TriggerManual})
	require.ErrorIs(t, err, market.ErrFenced)
	require.Equal(t, 1, f.commits)
}

// closer lets somebody close the run whenever a commit fails.
type closer struct {
	*flaky
	close func(context.Context) error
}

func (c *closer) CommitBatch(ctx context.Context, runID int64, b market.Batch) (market.Counters, error) {
	added, err := c.flaky.CommitBatch(ctx, runID, b)
	if err != nil {
		if closeErr := c.close(ctx); closeErr != nil {
			return added, closeErr
		}
	}
	return added, err
}

// refusing is a store that answers every question and takes no page.
type refusing struct {
	*postgres.Store
	commits int
}

func (r *refusing) CommitBatch(context.Context, int64, market.Batch) (market.Counters, error) {
	r.commits++
	return market.Counters{}, fmt.Errorf("%w: no connection left", market.ErrUnavailable)
}

func TestAPageThatIsAlwaysRefusedIsGivenUp(t *testing.T) {
	f := &refusing{Store: postgres.New(postgrestest.New(t), identity.Resolve)}
	r := ingest.Runner{Store: f, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
	run, err := r.Run(t.Context(), &script{[]step{page(1, 2, 0)}}, ingest.Request{Trigger: market.TriggerManual})
	require.NoError(t, err)
	require.Equal(t, market.RunFailed, run.Status)
	require.Contains(t, run.Error, "no connection left")
	require.Equal(t, 5, f.commits)
}

// conflicting is a store in which another transaction stands in the way so many times.
type conflicting struct {
	*postgres.Store
	times   int
	commits int
	settled int
}

func (c *conflicting) CommitBatch(ctx context.Context, runID int64, b market.Batch) (market.Counters, error) {
	if c.commits++; c.commits <= c.times {
		return market.Counters{}, fmt.Errorf("%w: deadlock detected", market.ErrConflict)
	}
	return c.Store.CommitBatch(ctx, runID, b)
}

func (c *conflicting) RunsByID(ctx context.Context, ids []int64) ([]market.Run, error) {
	c.settled++
	return c.Store.RunsByID(ctx, ids)
}

// A page that the database took back in favour of another transaction was not stored, for certain.
func TestAPageThatLostADeadlockIsSentAgain(t *testing.T) {
	c := &conflicting{Store: newStore(t), times: 3}
	r := ingest.Runner{Store: c, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
	run, err := r.Run(t.Context(), &script{[]step{page(1, 2, 0)}}, ingest.Request{Trigger: market.TriggerManual})
	require.NoError(t, err)
	require.Equal(t, market.RunSucceeded, run.Status, run.Error)
	require.EqualValues(t, 2, run.Inserted)
	require.Equal(t, 4, c.commits)
	require.Zero(t, c.settled)
}

// late is a store whose answers to the closing of a run are lost so many times: before it is done,
// or behind it.
type late struct {
	*postgres.Store
	times int
	done  bool
}

func (l *late) FinishRun(ctx context.Context, runID int64, end market.RunEnd) (market.Run, error) {
	if l.times == 0 {
		return l.Store.FinishRun(ctx, runID, end)
	}
	l.times--
	if l.done {
		if _, err := l.Store.FinishRun(ctx, runID, end); err != nil {
			return market.Run{}, err
		}
	}
	return market.Run{}, fmt.Errorf("%w: the line was cut", market.ErrUnavailable)
}

func TestARunIsClosedThoughTheLineIsCut(t *testing.T) {
	for _, done := range []bool{false, true} {
		s := newStore(t)
		r := ingest.Runner{Store: &late{Store: s, times: 1, done: done}, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
		run, err := r.Run(t.Context(), &script{[]step{page(1, 2, 0), fails}}, ingest.Request{Trigger: market.TriggerManual})
		require.NoError(t, err)
		require.Equal(t, market.RunPartial, run.Status)
		require.EqualValues(t, 5, run.Retries, "counted once")
		states, err := s.SourceStates(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1, states[0].TotalRuns)
	}
}
