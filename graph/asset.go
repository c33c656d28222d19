package graph

import (
	"cmp"
	"context"
	"slices"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

func assetNumber(a *model.Asset) int64 { return a.ID }

func recordKey(r *model.Record) market.RecordKey { return r.RecordKey }

// latest returns the newest records of the asset, of one source or of all where it is empty. The
// fields latest and consensus share what is read.
func (r *Resolver) latest(ctx context.Context, obj *model.Asset, source string) ([]*model.Record, error) {
	latest, err := model.Together(obj.Group, keyOf("latest", source), func(rows []*model.Asset) (map[int64][]*model.Record, error) {
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
	pages, err := model.Together(obj.Group, keyOf("records", f, w), func(rows []*model.Asset) (map[int64]market.Page[*model.Record], error) {
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
