package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// settlePause is the pause between two looks at a database that is away.
const settlePause = 200 * time.Millisecond

// commitTries is how often a page is sent at most: a database that answers and still refuses it is
// not away.
const commitTries = 3

// commit stores a page and returns what the run has done with it. The page in hand is finished
// also when the service is asked to stop, within commitTimeout.
//
// Where the database goes away in the middle, nobody can say whether the page was stored: the
// answer to COMMIT may be what was lost. The ledger tells once the database is back, since a page
// counts itself in the transaction that stores it. A page that was not stored is sent again.
func (r *Runner) commit(ctx context.Context, runID int64, done market.Counters, b market.Batch) (market.Counters, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	for try := 1; ; try++ {
		added, err := r.Store.CommitBatch(ctx, runID, b)
		if err == nil {
			return done.Add(added), nil
		}
		if !errors.Is(err, market.ErrUnavailable) || try == commitTries {
			return done, err
		}
		r.Log.Warn("the database went away during a commit", "run", market.GlobalID(market.IDRun, runID), "error", err)
		run, settleErr := r.settle(ctx, runID)
		if settleErr != nil {
			return done, fmt.Errorf("%w; whether the page was stored could not be settled: %w", err, settleErr)
		}
		if run.Pages > done.Pages {
			return run.Counters, nil
		}
	}
}

// settle returns the run as the ledger has it, as soon as the database answers. A transaction that
// is still on its way holds the run's row: the heartbeat waits for it, so what is read behind it is
// final. It returns market.ErrFenced for a run that has been closed.
func (r *Runner) settle(ctx context.Context, runID int64) (market.Run, error) {
	for {
		err := r.Store.Heartbeat(ctx, runID)
		var runs []market.Run
		if err == nil {
			runs, err = r.Store.RunsByID(ctx, []int64{runID})
		}
		switch {
		case err == nil && len(runs) == 1:
			return runs[0], nil
		case err == nil:
			return market.Run{}, fmt.Errorf("run %d: %w", runID, market.ErrNotFound)
		case !errors.Is(err, market.ErrUnavailable):
			return market.Run{}, err
		}
		select {
		case <-ctx.Done():
			return market.Run{}, err
		case <-time.After(settlePause):
		}
	}
}
