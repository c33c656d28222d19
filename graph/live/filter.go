package live

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

// filter tells which records a subscriber wants, as market.RecordFilter has it, without asking anybody.
type filter struct {
	market.RecordFilter
	assets []int64 // that the slugs led to when the subscriber came
}

// newFilter looks up where slugs lead: a former one may stand for an asset that has another now.
func (f *Feed) newFilter(ctx context.Context, wanted market.RecordFilter) (filter, error) {
	made := filter{RecordFilter: wanted}
	for _, slug := range wanted.Assets {
		asset, err := f.reader.AssetBySlug(ctx, slug)
		switch {
		case err == nil:
			made.assets = append(made.assets, asset.ID)
		case !errors.Is(err, market.ErrNotFound): // it may still come
			return filter{}, err
		}
	}
	return made, nil
}

func (f filter) matches(r *model.Record) bool {
	if f.Sources != nil && !slices.Contains(f.Sources, r.Source) {
		return false
	}
	if f.Assets != nil && !slices.Contains(f.assets, r.AssetID) && (r.Known == nil || !slices.Contains(f.Assets, r.Known.Slug)) {
		return false
	}
	if f.Symbols != nil && (r.Known == nil || !slices.ContainsFunc(f.Symbols, func(s string) bool { return strings.EqualFold(s, r.Known.Symbol) })) {
		return false
	}
	from, before := f.ObservedAt.From, f.ObservedAt.Before
	return (from == nil || !r.ObservedAt.Before(*from)) && (before == nil || r.ObservedAt.Before(*before))
}
