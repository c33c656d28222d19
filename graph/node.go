package graph

import (
	"context"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

// The lookups by global id return nil where nothing has the id: an interface that holds a nil
// pointer would not be null in the answer.

func (r *Resolver) assetNode(ctx context.Context, id string) (model.Node, error) {
	number, err := market.ParseGlobalID(market.IDAsset, id)
	if err != nil {
		return nil, nil
	}
	found, err := r.Reader.AssetsByID(ctx, []int64{number})
	return only(model.NewAssets(found), err)
}

func (r *Resolver) listingNode(ctx context.Context, id string) (model.Node, error) {
	number, err := market.ParseGlobalID(market.IDListing, id)
	if err != nil {
		return nil, nil
	}
	found, err := r.Reader.ListingsByID(ctx, []int64{number})
	return only(model.NewListings(found), err)
}

func (r *Resolver) recordNode(ctx context.Context, id string) (model.Node, error) {
	key, err := market.ParseRecordID(id)
	if err != nil || key.ObservedAt.Year() < 1 || key.ObservedAt.Year() > 9999 {
		return nil, nil
	}
	found, err := r.Reader.RecordsByKey(ctx, []market.RecordKey{key})
	return only(model.NewRecords(found), err)
}

func (r *Resolver) runNode(ctx context.Context, id string) (model.Node, error) {
	number, err := market.ParseGlobalID(market.IDRun, id)
	if err != nil {
		return nil, nil
	}
	found, err := r.Reader.RunsByID(ctx, []int64{number})
	return only(model.NewEtlRuns(found), err)
}

func (r *Resolver) rejectionNode(ctx context.Context, id string) (model.Node, error) {
	number, err := market.ParseGlobalID(market.IDRejection, id)
	if err != nil {
		return nil, nil
	}
	found, err := r.Reader.Rejections(ctx, market.RejectionFilter{}, windowOn(number))
	return only(model.NewRejections(found.Items), err)
}

func (r *Resolver) driftNode(ctx context.Context, id string) (model.Node, error) {
	number, err := market.ParseGlobalID(market.IDDrift, id)
	if err != nil {
		return nil, nil
	}
	found, err := r.Reader.Drifts(ctx, market.DriftFilter{}, windowOn(number))
	return only(model.NewDrifts(found.Items), err)
}

func (r *Resolver) matchChangeNode(ctx context.Context, id string) (model.Node, error) {
	number, err := market.ParseGlobalID(market.IDMatchChange, id)
	if err != nil {
		return nil, nil
	}
	found, err := r.Reader.MatchChanges(ctx, market.ChangeFilter{}, windowOn(number))
	return only(model.NewMatchChanges(found.Items), err)
}

// windowOn is what lies between the number above and the one below: the one itself, if it exists.
func windowOn(number int64) market.Window[int64] {
	above, below := number+1, number-1
	return market.Window[int64]{Size: 1, After: &above, Before: &below}
}

// only returns the one row found, as a node.
func only[T any, P interface {
	*T
	model.Node
}](found []P, err error) (model.Node, error) {
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}
