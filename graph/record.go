package graph

import (
	"context"
	"encoding/json"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

// payload returns what the record was read from, and whether it is still there. The fields raw and
// rawExpired share what is read.
func (r *Resolver) payload(ctx context.Context, obj *model.Record) (raw json.RawMessage, kept bool, err error) {
	payloads, err := model.Together(obj.Group, "raw", func(rows []*model.Record) (map[int64]json.RawMessage, error) {
		records := make([]market.Record, len(rows))
		for i, row := range rows {
			records[i] = row.Record
		}
		return r.Reader.Payloads(ctx, records)
	})
	raw, kept = payloads[obj.RawID]
	return raw, kept, err
}
