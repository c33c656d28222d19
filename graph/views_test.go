package graph_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// viewed notes under which views it is asked what.
type viewed struct {
	market.Reader

	views map[string]*market.View
	shown int
}

// Shown implements market.Held.
func (v *viewed) Shown(context.Context) { v.shown++ }

func (v *viewed) note(ctx context.Context, question string) {
	view := market.ViewOf(ctx)
	if v.views[question] = view; view != nil {
		view.Hold(func() market.Held { return v })
	}
}

func (v *viewed) Version(ctx context.Context) (int64, error) {
	v.note(ctx, "Version")
	return v.Reader.Version(ctx)
}

func (v *viewed) SourceStates(ctx context.Context) ([]market.SourceState, error) {
	v.note(ctx, "SourceStates")
	return v.Reader.SourceStates(ctx)
}

func (v *viewed) Assets(ctx context.Context, f market.AssetFilter, o market.AssetOrder, w market.Window[market.AssetKey]) (market.Page[market.Asset], error) {
	v.note(ctx, "Assets")
	return v.Reader.Assets(ctx, f, o, w)
}

func (v *viewed) ListingsOf(ctx context.Context, assetIDs []int64) ([]market.Listing, error) {
	v.note(ctx, "ListingsOf")
	return v.Reader.ListingsOf(ctx, assetIDs)
}

func (v *viewed) AssetsByID(ctx context.Context, ids []int64) ([]market.Asset, error) {
	v.note(ctx, "AssetsByID")
	return v.Reader.AssetsByID(ctx, ids)
}

// A query has one view, whose reader is told before the answer is sent; a mutation reads what is current, and so does health.
func TestWhatIsReadUnderWhichView(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 1, 1)
	reader := &viewed{Reader: w.store, views: map[string]*market.View{}}
	w.Handler, w.scope = w.over(reader), market.ScopeAdmin

	w.data(t, `{ assets(first: 1) { nodes { listings { externalId } } } }`)
	require.NotNil(t, reader.views["Assets"])
	require.False(t, reader.views["Assets"].Current)
	require.Same(t, reader.views["Assets"], reader.views["ListingsOf"])
	require.Equal(t, 1, reader.shown)
	require.NotContains(t, reader.views, "Version")

	first := reader.views["Assets"]
	w.data(t, `{ assets(first: 1) { nodes { id } } }`)
	require.NotSame(t, first, reader.views["Assets"])

	w.data(t, `{ health { status } }`)
	require.Contains(t, reader.views, "SourceStates")
	require.Nil(t, reader.views["SourceStates"])

	w.data(t, `mutation { unlinkListing(source: "coingecko", externalId: "id-Coin 000") { asset { slug } } }`)
	require.True(t, reader.views["AssetsByID"].Current)
	require.NotNil(t, reader.views["Version"], "what was written has been shown")
	require.True(t, reader.views["Version"].Current)
}
