package model

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/kasparro/kasparro/internal/market"
)

// AssetsOf returns the assets of the records of a group, by number, and reads them once.
func AssetsOf(ctx context.Context, reader market.Reader, g *Group[Record]) (map[int64]*Asset, error) {
	return Together(ctx, g, "asset", func(rows []*Record) (map[int64]*Asset, error) {
		numbers := make([]int64, len(rows))
		for i, row := range rows {
			numbers[i] = row.AssetID
		}
		slices.Sort(numbers)
		found, err := reader.AssetsByID(ctx, slices.Compact(numbers))
		assets := make(map[int64]*Asset, len(found))
		for _, a := range NewAssets(found) {
			assets[a.ID] = a
		}
		return assets, err
	})
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
			records[i] = row.Record
		}
		return reader.Payloads(ctx, records)
	})
}
