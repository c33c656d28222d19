package model

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/kasparro/kasparro/internal/market"
)

// AssetsOf returns the assets of the records of a group, by number, and reads those that are not known once.
func AssetsOf(ctx context.Context, reader market.Reader, g *Group[Record]) (map[int64]*Asset, error) {
	return Together(ctx, g, "asset", func(rows []*Record) (map[int64]*Asset, error) {
		found, unknown := known(rows)
		if len(unknown) > 0 {
			more, err := reader.AssetsByID(ctx, unknown)
			if err != nil {
				return nil, err
			}
			found = append(found, more...)
		}
		assets := make(map[int64]*Asset, len(found))
		for _, a := range NewAssets(found) {
			assets[a.ID] = a
		}
		return assets, nil
	})
}

// known are the assets of records that have been read already, each once, and the numbers of the others.
func known(rows []*Record) (found []market.Asset, unknown []int64) {
	seen := map[int64]bool{}
	for _, row := range rows {
		switch {
		case seen[row.AssetID]:
			continue
		case row.Known != nil:
			found = append(found, *row.Known)
		default:
			unknown = append(unknown, row.AssetID)
		}
		seen[row.AssetID] = true
	}
	slices.Sort(unknown)
	return found, unknown
}

// RejectedOf returns what was rejected of a group, by number of the rejection, and reads it once.
func RejectedOf(ctx context.Context, reader market.Reader, g *Group[Rejection]) (map[int64][]byte, error) {
	return Together(ctx, g, "payload", func(rows []*Rejection) (map[int64][]byte, error) {
		ids := make([]int64, len(rows))
		for i, row := range rows {
			ids[i] = row.ID
		}
		return reader.RejectedPayloads(ctx, ids)
	})
}

// PayloadsOf returns what the records of a group were read from, by number of the payload, and reads it once. Of a payload
// that has been dropped there is none.
func PayloadsOf(ctx context.Context, reader market.Reader, g *Group[Record]) (map[int64]json.RawMessage, error) {
	return Together(ctx, g, "raw", func(rows []*Record) (map[int64]json.RawMessage, error) {
		records := make([]market.Record, len(rows))
		for i, row := range rows {
			records[i] = *row.Record
		}
		return reader.Payloads(ctx, records)
	})
}
