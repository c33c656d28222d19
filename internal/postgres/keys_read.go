package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// LiveKeys implements apikey.Store.
func (s *Store) LiveKeys(ctx context.Context) ([]market.LiveKey, error) {
	var rows []struct {
		KeyID   string
		Hash    []byte
		Scope   string
		Seconds *float64
	}
	err := s.db.NewRaw(`SELECT key_id, hash, scope, extract(epoch FROM expires_at - clock_timestamp())::float8 AS seconds
		FROM api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())`).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", unavailable(err))
	}
	list := make([]market.LiveKey, len(rows))
	for i, r := range rows {
		list[i] = market.LiveKey{KeyID: r.KeyID, Digest: [32]byte(r.Hash), Scope: market.Scope(r.Scope)}
		if r.Seconds != nil {
			in := time.Duration(min(*r.Seconds, maxExpirySeconds) * float64(time.Second))
			list[i].ExpiresIn = &in
		}
	}
	return list, nil
}

// maxExpirySeconds is ten years: what expires later is read again before.
const maxExpirySeconds = 10 * 365 * 24 * 3600

// keyStatus is the status of a key k.
const keyStatus = `CASE WHEN k.revoked_at IS NOT NULL THEN 'REVOKED' WHEN k.expires_at <= now() THEN 'EXPIRED' ELSE 'ACTIVE' END`

const keyColumns = "k.id, k.key_id, k.name, k.scope, " + keyStatus + " AS status, k.created_at, k.expires_at, k.revoked_at, k.last_used_at"

// Keys returns the keys that were ever made, newest first.
func (s *Store) Keys(ctx context.Context, f market.KeyFilter, w market.Window[int64]) (market.Page[market.APIKey], error) {
	q := filteredKeys(s.db, f).ColumnExpr(keyColumns)
	newestFirst(q, "k.id", w)
	list, err := scanKeys(ctx, q)
	if err != nil {
		return market.Page[market.APIKey]{}, fmt.Errorf("read keys: %w", unavailable(err))
	}
	return trim(list, w.Size, w.Backward), nil
}

// CountKeys counts them.
func (s *Store) CountKeys(ctx context.Context, f market.KeyFilter) (n int64, err error) {
	if err := filteredKeys(s.db, f).ColumnExpr("count(*)").Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("count keys: %w", unavailable(err))
	}
	return n, nil
}

func filteredKeys(db bun.IDB, f market.KeyFilter) *bun.SelectQuery {
	q := db.NewSelect().TableExpr("api_keys AS k")
	if f.Statuses != nil {
		q.Where(keyStatus+" IN (?)", bun.List(f.Statuses))
	}
	if f.Scopes != nil {
		q.Where("k.scope IN (?)", bun.List(f.Scopes))
	}
	return q
}

// keyByID names no id where it finds none: somebody may have given a key instead.
func keyByID(ctx context.Context, db bun.IDB, keyID string) (market.APIKey, error) {
	list, err := scanKeys(ctx, db.NewSelect().TableExpr("api_keys AS k").ColumnExpr(keyColumns).Where("k.key_id = ?", text(keyID)))
	if err != nil {
		return market.APIKey{}, err
	}
	if len(list) == 0 {
		return market.APIKey{}, fmt.Errorf("%w: there is no key with this id (they read %s_N)", market.ErrNotFound, market.IDKey)
	}
	return list[0], nil
}

func scanKeys(ctx context.Context, q *bun.SelectQuery) ([]market.APIKey, error) {
	var rows []struct {
		ID                               int64
		KeyID, Name, Scope, Status       string
		CreatedAt                        time.Time
		ExpiresAt, RevokedAt, LastUsedAt *time.Time
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, err
	}
	list := make([]market.APIKey, len(rows))
	for i, r := range rows {
		list[i] = market.APIKey{
			ID: r.ID, KeyID: r.KeyID, Name: r.Name, Scope: market.Scope(r.Scope), Status: market.KeyStatus(r.Status),
			CreatedAt: r.CreatedAt.UTC(), ExpiresAt: utc(r.ExpiresAt), RevokedAt: utc(r.RevokedAt), LastUsedAt: utc(r.LastUsedAt),
		}
	}
	return list, nil
}
