package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// StartRun opens a run with the cursor that its source was left at. It returns ErrSlotTaken when
// the slot has been claimed before, by whomever, and ErrRunning while another run of the source is
// going on. Runs of dead processes are closed first.
func (s *Store) StartRun(ctx context.Context, r market.RunRequest) (market.Run, error) {
	id, err := s.registerSource(ctx, r.Source, r.Kind)
	if err != nil {
		return market.Run{}, err
	}
	// On its own, so that a dead run stays closed where the claim is refused.
	if _, err := s.AbandonSilent(ctx); err != nil {
		return market.Run{}, err
	}
	var run market.Run
	err = inTx(ctx, s.db, func(ctx context.Context, tx bun.Tx) (err error) {
		if run, err = claim(ctx, tx, id, r); err != nil {
			return err
		}
		action := market.AuditRunStarted
		if r.Stream == market.StreamQuarantine {
			action = market.AuditRejectionsRetried
		}
		if err := audit(ctx, tx, action, market.GlobalID(market.IDRun, run.ID), r.Source); err != nil {
			return err
		}
		return noteCommit(ctx, tx, run.ID, addedNone)
	})
	if err != nil {
		return market.Run{}, fmt.Errorf("start run of %s: %w", r.Source, unavailable(err))
	}
	return run, nil
}

// claim opens the run. Where its source was left is read by a second statement: the first may have waited for the last
// page of a run that was ending, and sees the database as it was before. What is asked after a refusal only names its reason.
func claim(ctx context.Context, tx bun.Tx, source int16, r market.RunRequest) (market.Run, error) {
	var claimed []int64
	err := tx.NewRaw(`INSERT INTO etl_runs (source_id, trigger, scheduled_at, stream) VALUES (?, ?, ?, ?)
		ON CONFLICT DO NOTHING RETURNING id`, source, strings.ToLower(string(r.Trigger)), r.ScheduledAt, r.Stream).Scan(ctx, &claimed)
	if err != nil {
		return market.Run{}, err
	}
	if len(claimed) == 0 {
		return market.Run{}, refusal(ctx, tx, source, r)
	}
	rows, err := queryRuns(ctx, tx, `WITH begun AS (
			UPDATE etl_runs e SET cursor_before = c.cursor, cursor_after = c.cursor
			FROM (SELECT 1) one LEFT JOIN checkpoints c ON c.source_id = ?1 AND c.stream = ?2 WHERE e.id = ?0 RETURNING e.*)
		SELECT `+runColumns+` FROM begun r JOIN sources s ON s.id = r.source_id`, claimed[0], source, r.Stream)
	if err != nil {
		return market.Run{}, err
	}
	return rows[0], nil
}

// refusal says why a run could not be opened.
func refusal(ctx context.Context, db bun.IDB, source int16, r market.RunRequest) error {
	var taken bool
	var running []struct {
		ID     int64
		Silent float64 // seconds since its last heartbeat
	}
	if err := db.NewRaw("SELECT EXISTS (SELECT FROM etl_runs WHERE source_id = ? AND scheduled_at = ?)",
		source, r.ScheduledAt).Scan(ctx, &taken); err != nil {
		return err
	}
	if taken {
		return market.ErrSlotTaken
	}
	if err := db.NewRaw(`SELECT id, extract(epoch FROM now() - heartbeat_at) AS silent FROM etl_runs
		WHERE source_id = ? AND stream = ? AND status = 'running'`, source, r.Stream).Scan(ctx, &running); err != nil {
		return err
	}
	if len(running) == 0 { // it has just ended
		return market.ErrRunning
	}
	return fmt.Errorf("%w: %s, last heard of %.0f s ago; one that is silent for %.0f s is given up, so try again then",
		market.ErrRunning, market.GlobalID(market.IDRun, running[0].ID), max(0, running[0].Silent), (3 * Beat).Seconds())
}
