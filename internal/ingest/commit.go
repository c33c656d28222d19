package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

const (
	// patience is how long a run bears a database that is away or slow, once the run is open.
	patience = time.Minute
	// commitTimeout bounds one try at a page's transaction.
	commitTimeout = 30 * time.Second
	// commitTries is how often a page is sent at most: a database that answers and still refuses it
	// is not away.
	commitTries = 5
	// stopTimeout bounds the page in hand once the service is asked to stop, and closeTimeout the
	// closing of its run.
	stopTimeout  = 8 * time.Second
	closeTimeout = 3 * time.Second
	// pause is the pause between two looks at a database that is away, half of it more or less.
	pause = 200 * time.Millisecond
)

// outlasting returns a context that goes on for as long as a run has patience, and where ctx ends
// for no longer than so much more.
func outlasting(ctx context.Context, more time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(more, cancel) })
	return longer, func() { stop(); cancel() }
}

// insist repeats an attempt while the database is away or another transaction stands in the way,
// until ctx ends; it then returns the last error.
func insist(ctx context.Context, attempt func() error) error {
	for {
		err := attempt()
		if !errors.Is(err, market.ErrUnavailable) && !errors.Is(err, market.ErrConflict) {
			return err
		}
		if !rest(ctx) {
			return err
		}
	}
}

// rest waits a moment, and tells whether ctx lasted.
func rest(ctx context.Context) bool {
	timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // jitter is no secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// commit stores a page and adds it to what the run has done. The page in hand is finished also when
// the service is asked to stop, within stopTimeout.
//
// Where the database goes away in the middle, nobody can say whether the page was stored: the
// answer to COMMIT may be what was lost. The ledger tells once the database is back, since a page
// counts itself in the transaction that stores it. A page that was not stored is sent again.
func (a *attempt) commit(ctx context.Context, b market.Batch) error {
	ctx, cancel := outlasting(ctx, stopTimeout)
	defer cancel()
	for try := 1; ; try++ {
		added, err := a.tryCommit(ctx, b)
		if err == nil {
			a.stand(a.done.Add(added))
			return nil
		}
		lost := errors.Is(err, market.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
		if !lost && !errors.Is(err, market.ErrConflict) || try == commitTries {
			return err
		}
		a.Log.WarnContext(ctx, "a page could not be committed, trying again", "run_id", market.GlobalID(market.IDRun, a.run.ID), "error", err)
		if !lost {
			if !rest(ctx) {
				return err
			}
			continue
		}
		run, settleErr := a.settle(ctx)
		if settleErr != nil {
			return fmt.Errorf("%w; whether the page was stored could not be settled: %w", err, settleErr)
		}
		if run.Pages > a.done.Pages {
			a.stand(run.Counters)
			return nil
		}
	}
}

// stand notes what the run has done once a page is stored.
func (a *attempt) stand(done market.Counters) {
	before := a.done
	a.done = done
	if a.OnCommit != nil {
		a.OnCommit(a.run, done.Less(before))
	}
}

func (a *attempt) tryCommit(ctx context.Context, b market.Batch) (_ market.Counters, err error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	ctx, done := a.part(ctx, "commit", a.run)
	defer func() { done(err) }()
	return a.Store.CommitBatch(ctx, a.run.ID, b)
}

// settle returns the run as the ledger has it, as soon as the database answers. A transaction that
// is still on its way holds the run's row: the heartbeat waits for it, so what is read behind it is
// final. It returns market.ErrFenced for a run that has been closed.
func (a *attempt) settle(ctx context.Context) (run market.Run, err error) {
	err = insist(ctx, func() error {
		if err := a.Store.Heartbeat(ctx, a.run.ID); err != nil {
			return err
		}
		run, err = a.stored(ctx)
		return err
	})
	return run, err
}

// stored returns the run as the ledger has it.
func (a *attempt) stored(ctx context.Context) (market.Run, error) {
	runs, err := a.Store.RunsByID(ctx, []int64{a.run.ID})
	if err != nil {
		return market.Run{}, err
	}
	if len(runs) != 1 {
		return market.Run{}, fmt.Errorf("run %d: %w", a.run.ID, market.ErrNotFound)
	}
	return runs[0], nil
}
