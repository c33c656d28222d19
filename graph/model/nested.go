package model

import (
	"context"
	"slices"

	"github.com/kasparro/kasparro/internal/market"
)

// AssetsOf returns the assets of the records of a group, by number, and reads them once.
func AssetsOf(ctx context.Context, reader market.Reader, g *Group[Record]) (map[int64]*Asset, error) {
	return Together(g, "asset", func(rows []*Record) (map[int64]*Asset, error) {
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
