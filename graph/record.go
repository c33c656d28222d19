package graph

import (
	"context"
	"encoding/json"

	"github.com/kasparro/kasparro/graph/model"
)

// payload returns what the record was read from, and whether it is still there.
func (r *Resolver) payload(ctx context.Context, obj *model.Record) (raw json.RawMessage, kept bool, err error) {
	payloads, err := model.PayloadsOf(ctx, r.Reader, obj.Group)
	raw, kept = payloads[obj.RawID]
	return raw, kept, err
}
