package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// audit notes, in the transaction that does it, what whoever acts by ctx has done. What the service does of its own accord
// is not noted.
func audit(ctx context.Context, tx bun.Tx, action market.AuditAction, target, detail string) error {
	actor, known := market.ActorOf(ctx)
	if !known {
		return nil
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO audit_log (actor, action, target, detail, address, request_id) VALUES (?, ?, ?, ?, ?, ?)",
		text(actor.Name), strings.ToLower(string(action)), target, text(detail), text(actor.Address), text(market.RequestID(ctx)))
	if err != nil {
		return fmt.Errorf("note in the audit log: %w", err)
	}
	return nil
}

// AuditLog returns what was done, newest first.
func (s *Store) AuditLog(ctx context.Context, f market.AuditFilter, w market.Window[int64]) (market.Page[market.AuditEntry], error) {
	var rows []struct {
		ID                                                int64
		CreatedAt                                         time.Time
		Actor, Address, Action, Target, Detail, RequestID string
	}
	q := s.filteredAudit(f).ColumnExpr("a.id, a.created_at, a.actor, a.address, upper(a.action) AS action, a.target, a.detail, a.request_id")
	newestFirst(q, "a.id", w)
	if err := q.Scan(ctx, &rows); err != nil {
		return market.Page[market.AuditEntry]{}, fmt.Errorf("read the audit log: %w", unavailable(err))
	}
	list := make([]market.AuditEntry, len(rows))
	for i, r := range rows {
		list[i] = market.AuditEntry{
			ID: r.ID, CreatedAt: r.CreatedAt.UTC(), Actor: market.Actor{Name: r.Actor, Address: r.Address},
			Action: market.AuditAction(r.Action), Target: r.Target, Detail: r.Detail, RequestID: r.RequestID,
		}
	}
	return trim(list, w.Size, w.Backward), nil
}

// CountAuditLog counts its entries.
func (s *Store) CountAuditLog(ctx context.Context, f market.AuditFilter) (n int64, err error) {
	if err := s.filteredAudit(f).ColumnExpr("count(*)").Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("count the audit log: %w", unavailable(err))
	}
	return n, nil
}

func (s *Store) filteredAudit(f market.AuditFilter) *bun.SelectQuery {
	q := s.db.NewSelect().TableExpr("audit_log AS a")
	if f.Actors != nil {
		q.Where("a.actor IN (?)", texts(f.Actors))
	}
	if f.Actions != nil {
		q.Where("a.action IN (?)", texts(lower(f.Actions)))
	}
	return q
}
