package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/kasparro/kasparro/internal/market"
)

// keysChannel is where changes of keys are told of, as commits are.
const keysChannel = "kasparro_keys"

// CreateKey stores a key, and that it was made. What is wrong with it is a *market.InputError.
func (s *Store) CreateKey(ctx context.Context, k market.NewAPIKey) (made market.APIKey, err error) {
	if err := k.Check(time.Now()); err != nil {
		return market.APIKey{}, err
	}
	err = inTx(ctx, s.db, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO api_keys (key_id, hash, name, scope, expires_at) VALUES (?, ?, ?, ?, ?)",
			k.KeyID, k.Digest[:], text(k.Name), string(k.Scope), k.ExpiresAt)
		if err != nil {
			return err
		}
		if made, err = keyByID(ctx, tx, k.KeyID); err != nil {
			return err
		}
		return noteKeyChange(ctx, tx, market.AuditKeyCreated, made)
	})
	if err != nil {
		return market.APIKey{}, fmt.Errorf("store a key: %w", unavailable(err))
	}
	return made, nil
}

// RevokeKey has a key never be accepted again, and stores that it was revoked. One that was revoked before stays as it
// is. It returns market.ErrNotFound where there is no such key.
func (s *Store) RevokeKey(ctx context.Context, keyID string) (revoked market.APIKey, err error) {
	err = inTx(ctx, s.db, func(ctx context.Context, tx bun.Tx) error {
		var ids []int64
		err := tx.NewRaw("UPDATE api_keys SET revoked_at = now() WHERE key_id = ? AND revoked_at IS NULL RETURNING id", text(keyID)).Scan(ctx, &ids)
		if err != nil {
			return err
		}
		if revoked, err = keyByID(ctx, tx, keyID); err != nil || len(ids) == 0 {
			return err
		}
		return noteKeyChange(ctx, tx, market.AuditKeyRevoked, revoked)
	})
	if err != nil {
		return market.APIKey{}, fmt.Errorf("revoke a key: %w", unavailable(err))
	}
	return revoked, nil
}

// noteKeyChange notes a change of a key and tells every process of it.
func noteKeyChange(ctx context.Context, tx bun.Tx, action market.AuditAction, k market.APIKey) error {
	detail := fmt.Sprintf("%s, scope %s, never expires", k.Name, k.Scope)
	if k.ExpiresAt != nil {
		detail = fmt.Sprintf("%s, scope %s, expires %s", k.Name, k.Scope, k.ExpiresAt.Format(time.RFC3339))
	}
	if err := audit(ctx, tx, action, k.GlobalID(), detail); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "SELECT pg_notify(?, '')", keysChannel)
	return err
}

// NoteKeyUses implements apikey.Store. Rows that another process is writing are left to it.
func (s *Store) NoteKeyUses(ctx context.Context, ago map[string]time.Duration) error {
	ids, seconds := make([]string, 0, len(ago)), make([]float64, 0, len(ago))
	for id, since := range ago {
		ids, seconds = append(ids, text(id)), append(seconds, since.Seconds())
	}
	_, err := s.db.ExecContext(ctx, `WITH used AS (
				SELECT key_id, now() - since * interval '1 second' AS at FROM unnest(?::text[], ?::float8[]) u (key_id, since)),
			due AS (SELECT k.id, u.at FROM api_keys k JOIN used u ON u.key_id = k.key_id
				WHERE k.last_used_at IS NULL OR k.last_used_at <= u.at - interval '1 minute' FOR UPDATE OF k SKIP LOCKED)
		UPDATE api_keys k SET last_used_at = d.at FROM due d WHERE k.id = d.id`, pgdialect.Array(ids), pgdialect.Array(seconds))
	if err != nil {
		return fmt.Errorf("note the use of keys: %w", unavailable(err))
	}
	return nil
}
