package graph

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

func assetNumber(a *model.Asset) int64 { return a.ID }

func (r *Resolver) assetsByID(ctx context.Context, numbers []int64) (map[int64]*model.Asset, error) {
	found, err := r.Reader.AssetsByID(ctx, numbers)
	return byNumber(model.NewAssets(found), assetNumber), err
}

// assetFilter checks the filter.
func (r *Resolver) assetFilter(given *model.AssetFilter) (market.AssetFilter, error) {
	g := orZero(given)
	f := market.AssetFilter{
		Slugs: g.Slug, Symbols: g.Symbol, Sources: g.Source, Name: orZero(g.Name), MinSources: int64(orZero(g.MinSources)),
	}
	if g.MinSources != nil && f.MinSources < 1 {
		return f, &market.InputError{Field: "minSources", Given: strconv.FormatInt(f.MinSources, 10), Allowed: "1 or more"}
	}
	return f, r.checkSources(f.Sources...)
}

// assetPage reads a page of the assets that the filter leaves. name is that of the list, which keeps
// its cursors from working in another.
func (r *Resolver) assetPage(ctx context.Context, name string, f market.AssetFilter, order market.AssetOrder, args pageArgs) (*model.Connection[model.Asset], error) {
	return list[model.Asset, market.AssetKey]{
		scope: market.NewCursorScope(name, order, f),
		read: func(w market.Window[market.AssetKey]) (market.Page[*model.Asset], error) {
			page, err := r.Reader.Assets(ctx, f, order, w)
			return market.Page[*model.Asset]{Items: model.NewAssets(page.Items), More: page.More}, err
		},
		key:   func(a *model.Asset) market.AssetKey { return order.Key(a.Asset) },
		count: func(ctx context.Context) (int64, error) { return r.Reader.CountAssets(ctx, f) },
	}.page(ctx, r.Limits.PageSize, args)
}

func recordKey(r *model.Record) market.RecordKey { return r.RecordKey }

// latest returns the newest records of the asset, of one source or of all where it is empty.
func (r *Resolver) latest(ctx context.Context, obj *model.Asset, source string) ([]*model.Record, error) {
	latest, err := model.Together(ctx, obj.Group, keyOf("latest", source), func(rows []*model.Asset) (map[int64][]*model.Record, error) {
		found, err := r.Reader.Latest(ctx, distinct(rows, assetNumber), source)
		slices.SortFunc(found, func(a, b market.Record) int {
			return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ExternalID, b.ExternalID))
		})
		return perNumber(model.NewRecords(found), func(record *model.Record) int64 { return record.AssetID }), err
	})
	return latest[obj.ID], err
}

// recordsOf returns the same window of records for each asset that was read with this one. They
// become one group, whatever asset they are of.
func (r *Resolver) recordsOf(ctx context.Context, obj *model.Asset, f market.RecordFilter, w market.Window[market.RecordKey]) (market.Page[*model.Record], error) {
	pages, err := model.Together(ctx, obj.Group, keyOf("records", f, w), func(rows []*model.Asset) (map[int64]market.Page[*model.Record], error) {
		found, err := r.Reader.RecordsOf(ctx, distinct(rows, assetNumber), f, w)
		var all []market.Record
		for _, page := range found {
			all = append(all, page.Items...)
		}
		wrapped := model.NewRecords(all)
		pages := make(map[int64]market.Page[*model.Record], len(found))
		for id, records := range perNumber(wrapped, func(record *model.Record) int64 { return record.AssetID }) {
			pages[id] = market.Page[*model.Record]{Items: records, More: found[id].More}
		}
		return pages, err
	})
	return pages[obj.ID], err
}
