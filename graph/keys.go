package graph

import (
	"context"
	"strings"

	"github.com/kasparro/kasparro/internal/market"
)

// Keys are what administrators see and change of the keys, and what was done with them: always on the primary.
type Keys interface {
	// CreateKey makes a key of what is given but for its id and digest, and returns it with the key itself, which is kept
	// nowhere. What is wrong is a *market.InputError.
	CreateKey(ctx context.Context, k market.NewAPIKey) (made market.APIKey, key string, err error)
	// RevokeKey takes the id of a key, or the key, and returns market.ErrNotFound where there is no such key.
	RevokeKey(ctx context.Context, given string) (market.APIKey, error)
	Keys(ctx context.Context, f market.KeyFilter, w market.Window[int64]) (market.Page[market.APIKey], error)
	CountKeys(ctx context.Context, f market.KeyFilter) (int64, error)
	AuditLog(ctx context.Context, f market.AuditFilter, w market.Window[int64]) (market.Page[market.AuditEntry], error)
	CountAuditLog(ctx context.Context, f market.AuditFilter) (int64, error)
}

// administers refuses whoever may not administer.
func administers(ctx context.Context) error {
	switch market.ScopeOf(ctx) {
	case market.ScopeAdmin:
		return nil
	case "":
		return errNoKey
	}
	return errForbidden
}

// keyID is that of a key by its global id, or by itself; a key stays as it is.
func keyID(id string) string { return strings.TrimPrefix(id, market.IDKey+"_") }
