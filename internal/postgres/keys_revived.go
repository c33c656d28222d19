package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// RevivedKeys are the global ids of the keys that one database knows as revoked and another takes for good.
func RevivedKeys(ctx context.Context, old, restored *bun.DB) (ids []string, err error) {
	var revoked, good []string
	err = errors.Join(
		old.NewRaw("SELECT key_id FROM public.api_keys WHERE revoked_at IS NOT NULL").Scan(ctx, &revoked),
		restored.NewRaw("SELECT key_id FROM public.api_keys WHERE revoked_at IS NULL ORDER BY id").Scan(ctx, &good))
	if err != nil {
		return nil, fmt.Errorf("compare keys: %w", unavailable(err))
	}
	was := map[string]bool{}
	for _, id := range revoked {
		was[id] = true
	}
	for _, id := range good {
		if was[id] {
			ids = append(ids, market.IDKey+"_"+id)
		}
	}
	return ids, nil
}
