package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/kasparro/kasparro/internal/market"
)

// Beat is how often a run tells that it lives. A run silent for three beats is abandoned by
// whoever looks next.
const Beat = 5 * time.Second

// Heartbeat tells that the run lives. It returns ErrFenced when the run has been closed.
func (s *Store) Heartbeat(ctx context.Context, runID int64) error {
	if err := fence(ctx, s.db, runID); err != nil {
		return fmt.Errorf("heartbeat of run %d: %w", runID, unavailable(err))
	}
	return nil
}

// fence beats for the run and, within a transaction, holds it open until the end: a run that was
// closed by someone else finds no row and must not commit.
func fence(ctx context.Context, db bun.IDB, runID int64) error {
	res, err := db.ExecContext(ctx,
		"UPDATE etl_runs SET heartbeat_at = now() WHERE id = ? AND status = 'running'", runID)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return market.ErrFenced
	}
	return nil
}

// FinishRun closes the run and returns it as it ended. It returns ErrFenced when it was closed by
// someone else. What the run tells of assets is settled on the way.
func (s *Store) FinishRun(ctx context.Context, runID int64, end market.RunEnd) (market.Run, error) {
	var run market.Run
	err := inTx(ctx, s.db, func(ctx context.Context, tx bun.Tx) error {
		if err := fence(ctx, tx, runID); err != nil {
			return err
		}
		rows, err := queryRuns(ctx, tx, `WITH ended AS (
				UPDATE etl_runs SET status = ?, error = ?, anomalies = ?, finished_at = now(),
					retries = retries + ?, waits = waits + ?, waited_ms = waited_ms + ?, bytes_fetched = bytes_fetched + ?,
					whole = ?, coins = ?, gone_share = ?, price_jump = ?
				WHERE id = ? RETURNING *)
			SELECT `+runColumns+` FROM ended r JOIN sources s ON s.id = r.source_id`,
			strings.ToLower(string(end.Status)), end.Error, pgdialect.Array(append([]string{}, end.Anomalies...)),
			end.Retries, end.Waits, end.Waited.Milliseconds(), end.Wasted, end.Whole, end.Coins, end.GoneShare, end.PriceJump, runID)
		if err != nil {
			return err
		}
		run = rows[0]
		source, err := s.sourceID(ctx, run.Source)
		if err != nil {
			return err
		}
		if err := storeShape(ctx, tx, source, runID, end); err != nil {
			return err
		}
		// In the order of a page: the source is locked before the assets.
		if err := tally(ctx, tx, runID); err != nil {
			return err
		}
		if err := s.conclude(ctx, tx, run); err != nil {
			return err
		}
		return noteCommit(ctx, tx, runID, addedNone)
	})
	if err != nil {
		return market.Run{}, fmt.Errorf("finish run %d: %w", runID, unavailable(err))
	}
	return run, nil
}

// tally adds an ended run to the totals of its source.
func tally(ctx context.Context, tx bun.Tx, runID int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE source_totals t SET
			ended_runs = ended_runs + 1,
			succeeded_runs = succeeded_runs + (r.status = 'succeeded')::int,
			failed_runs = failed_runs + (r.status IN ('failed', 'partial', 'abandoned'))::int,
			duration_ms = duration_ms + floor(extract(epoch FROM r.finished_at - r.started_at) * 1000),
			last_success_at = CASE WHEN r.stream = '' AND r.status = 'succeeded' THEN r.finished_at ELSE last_success_at END,
			last_failure_at = CASE WHEN r.stream = '' AND r.status IN ('failed', 'partial', 'abandoned')
				THEN r.finished_at ELSE last_failure_at END
		FROM etl_runs r WHERE r.id = ? AND t.source_id = r.source_id`, runID)
	return err
}

// anyUnsettled tells at the end of a run whether listings are to be resolved: it has brought or renamed some,
// or runs of its source before it that were cut off have; prices contradict what names say, and may have come
// to agree again; or nothing was resolved for three hours, in which prices and what sources list have changed.
const anyUnsettled = `SELECT EXISTS (SELECT FROM etl_runs r JOIN etl_runs ended ON ended.source_id = r.source_id
		WHERE ended.id = ?0 AND r.id <= ?0 AND r.listings_changed > 0 AND r.id > (
			SELECT coalesce(max(c.id), 0) FROM etl_runs c
			WHERE c.source_id = ended.source_id AND c.id < ?0 AND c.status NOT IN ('running', 'interrupted', 'abandoned')))
	OR EXISTS (SELECT FROM match_candidates WHERE score <= 0.3)
	OR NOT EXISTS (SELECT FROM etl_runs WHERE settled_at > now() - interval '3 hours')`

// conclude settles what a run that is ending tells of assets: which listings are one, now that all of its
// figures are known, and how every asset stands. A run that is cut off leaves that to the next of its source.
func (s *Store) conclude(ctx context.Context, tx bun.Tx, run market.Run) error {
	if run.Status == market.RunInterrupted {
		return nil
	}
	var unsettled bool
	if err := tx.NewRaw(anyUnsettled, run.ID).Scan(ctx, &unsettled); err != nil {
		return err
	}
	if unsettled {
		if _, err := settleListings(ctx, tx, nil, s.resolve, market.GlobalID(market.IDRun, run.ID)); err != nil {
			return fmt.Errorf("listings: %w", err)
		}
		if _, err := tx.ExecContext(ctx, "UPDATE etl_runs SET settled_at = now() WHERE id = ?", run.ID); err != nil {
			return err
		}
	}
	if !unsettled && run.Stream != "" { // the past does not tell how anything stands
		return nil
	}
	return refreshStandings(ctx, tx, s.ConsensusAge, nil)
}
