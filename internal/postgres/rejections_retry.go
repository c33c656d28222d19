package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// waitingAtOnce is how many rejections are read together to be tried again.
const waitingAtOnce = 500

// WaitingRejections returns the first of a source's unresolved rejections behind an id, at most 500, by
// their id, and none at the end. CreatedAt of these is when the item was fetched, for all that is known:
// where an item was rejected after its run, in a rebuild, that is when the run began.
func (s *Store) WaitingRejections(ctx context.Context, source string, after int64) ([]market.Rejection, error) {
	id, err := s.sourceID(ctx, source)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		ID, RunID  int64
		ExternalID string
		Payload    []byte
		FetchedAt  time.Time
	}
	err = s.db.NewRaw(`SELECT j.id, j.run_id, j.external_id, j.payload,
			CASE WHEN j.created_at > r.finished_at THEN r.started_at ELSE j.created_at END AS fetched_at
		FROM rejections j LEFT JOIN etl_runs r ON r.id = j.run_id
		WHERE j.source_id = ? AND j.id > ? AND j.resolved_at IS NULL ORDER BY j.id LIMIT ?`, id, after, waitingAtOnce).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the rejections of %s that wait: %w", source, unavailable(err))
	}
	list := make([]market.Rejection, len(rows))
	for i, r := range rows {
		list[i] = market.Rejection{
			ID: r.ID, RunID: r.RunID, Source: source, ExternalID: r.ExternalID, Payload: r.Payload, CreatedAt: r.FetchedAt.UTC(),
		}
	}
	return list, nil
}

// rejectAgain notes the reason that an item of quarantine is rejected for now. Where the same item waits
// for that reason already, this one keeps the reason that it has: each waits until it is resolved.
func (p *page) rejectAgain(ctx context.Context, r market.Rejection) error {
	_, err := p.tx.ExecContext(ctx, `UPDATE rejections j SET reason = ?2, field = ?3, detail = ?4
		WHERE id = ?1 AND source_id = ?0 AND resolved_at IS NULL AND (reason, field, detail) IS DISTINCT FROM (?2, ?3, ?4)
			AND NOT EXISTS (SELECT FROM rejections o WHERE o.id <> j.id AND o.source_id = j.source_id
				AND o.external_id = j.external_id AND o.reason = ?2 AND o.payload_hash = j.payload_hash)`,
		p.source, r.ID, r.Reason.Code, text(r.Reason.Field), text(r.Reason.Detail))
	return err
}

// resolveRejections closes those that have become observations of the page.
func (p *page) resolveRejections(ctx context.Context) error {
	if len(p.batch.Resolves) == 0 {
		return nil
	}
	_, err := p.tx.ExecContext(ctx, "UPDATE rejections SET resolved_at = now() WHERE source_id = ? AND id IN (?) AND resolved_at IS NULL",
		p.source, bun.List(p.batch.Resolves))
	return err
}
