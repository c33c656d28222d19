package graph

import (
	"context"
	"slices"
	"strconv"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

// checkCandidates checks the filter.
func (r *Resolver) checkCandidates(f market.CandidateFilter) error {
	if f.MinScore < 0 || f.MinScore > 1 {
		return &market.InputError{
			Field: "minScore", Given: strconv.FormatFloat(f.MinScore, 'g', -1, 64), Allowed: "from 0 to 1",
		}
	}
	return r.checkSources(f.Sources...)
}

// assetsOf returns the assets that the change and those read with it went from and to. The fields
// from and to share what is read.
func (r *Resolver) assetsOf(ctx context.Context, obj *model.MatchChange) (map[int64]*model.Asset, error) {
	return model.Together(ctx, obj.Group, "assets", func(rows []*model.MatchChange) (map[int64]*model.Asset, error) {
		from := distinct(rows, func(c *model.MatchChange) int64 { return c.FromID })
		to := distinct(rows, func(c *model.MatchChange) int64 { return c.ToID })
		both := slices.Concat(from, to)
		slices.Sort(both)
		return r.assetsByID(ctx, slices.Compact(both))
	})
}

// decide has the operator decide about a listing, if the key that came with the request may.
func (r *mutationResolver) decide(ctx context.Context, key market.ListingKey, decision func() (market.Listing, error)) (*model.Listing, error) {
	if err := r.admit(ctx, key.Source); err != nil {
		return nil, err
	}
	listing, err := decision()
	if err != nil {
		return nil, err
	}
	return model.NewListings([]market.Listing{listing})[0], nil
}
