package postgres

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// AbandonSilent closes the runs, of whatever source, whose process has gone away: those that have
// been silent for three beats. It returns their ids. A transaction on its way, be it of a slow process
// or one that a dead process has left behind, holds the row of its run: that is left for the next look.
func (s *Store) AbandonSilent(ctx context.Context) (ids []int64, err error) {
	err = inTx(ctx, s.db, func(ctx context.Context, tx bun.Tx) error {
		err := tx.NewRaw(`UPDATE etl_runs SET status = 'abandoned', finished_at = heartbeat_at,
				error = 'its process went away without a word'
			WHERE id IN (SELECT id FROM etl_runs
				WHERE status = 'running' AND heartbeat_at < now() - ? * interval '1 second' FOR UPDATE SKIP LOCKED)
			RETURNING id`, (3*Beat).Seconds()).Scan(ctx, &ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := tally(ctx, tx, id); err != nil {
				return err
			}
		}
		for _, id := range ids {
			if err := noteCommit(ctx, tx, id, addedNone); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("close the runs of dead processes: %w", unavailable(err))
	}
	return ids, nil
}
