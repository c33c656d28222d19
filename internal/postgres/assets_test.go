package postgres_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
)

// Assets with equal names, equal ranks and no rank, under names that sort differently by language
// than by bytes.
func manyAssets(t *testing.T) *postgres.Store {
	t.Helper()
	s := newStore(t)
	names := []string{"Bitcoin", "bitcoin", "Élan", "Zcash", "100%", "under_score", `back\slash`, "Dollar", "it's"}
	for i, source := range seedSources[:2] {
		run := start(t, s, source)
		var page []market.Observation
		for n := range 45 {
			page = append(page, coin(fmt.Sprint(n), fmt.Sprintf("S%d%d", i, n), names[n%len(names)], int32(n%7)*100))
		}
		commit(t, s, run, page...)
		finish(t, s, run)
	}
	return s
}

func compareAssets(o market.AssetOrder) func(a, b market.Asset) int {
	if o == market.AssetsByName {
		return func(a, b market.Asset) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) }
	}
	rank := func(a market.Asset) int32 {
		if a.Rank == nil {
			return math.MaxInt32
		}
		return *a.Rank
	}
	return func(a, b market.Asset) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.ID, b.ID)) }
}

func TestPagingThroughAssets(t *testing.T) {
	s := manyAssets(t)
	for name, c := range map[string]struct {
		f    market.AssetFilter
		want int
	}{
		"all":         {market.AssetFilter{}, 90},
		"a source":    {market.AssetFilter{Sources: []string{"alpha", "alpha", "nobody"}}, 45},
		"part":        {market.AssetFilter{Name: "bITc"}, 20},
		"percent":     {market.AssetFilter{Name: "%"}, 10},
		"underscore":  {market.AssetFilter{Name: "r_s"}, 10},
		"backslash":   {market.AssetFilter{Name: `k\s`}, 10},
		"quote":       {market.AssetFilter{Name: "t's"}, 10},
		"nul":         {market.AssetFilter{Name: "\x00"}, 0},
		"symbols":     {market.AssetFilter{Symbols: []string{"s00", "S11", "\x00'"}}, 2},
		"slugs":       {market.AssetFilter{Slugs: []string{"zcash", "dollar", "nothing", "\xff\x00"}}, 2},
		"all at once": {market.AssetFilter{Sources: []string{"beta"}, Name: "dollar", Symbols: []string{"S17", "S116", "S07"}}, 2},
		"none":        {market.AssetFilter{Slugs: []string{}}, 0},
		"no sources":  {market.AssetFilter{Sources: []string{}}, 0},
	} {
		for _, order := range []market.AssetOrder{market.AssetsByRank, market.AssetsByName} {
			t.Run(fmt.Sprint(name, " ", order), func(t *testing.T) {
				read := func(w market.Window[market.AssetKey]) (market.Page[market.Asset], error) {
					return s.Assets(t.Context(), c.f, order, w)
				}
				got := walk(t, market.Window[market.AssetKey]{Size: 7}, order.Key, read, nil)
				require.Len(t, got, c.want)
				require.True(t, slices.IsSortedFunc(got, compareAssets(order)))
				ids := map[int64]bool{}
				for _, a := range got {
					ids[a.ID] = true
				}
				require.Len(t, ids, c.want)
				require.Equal(t, got, walk(t, market.Window[market.AssetKey]{Size: 4, Backward: true}, order.Key, read, nil))
				page, err := read(market.Window[market.AssetKey]{Size: 50, Skip: 10})
				require.NoError(t, err)
				require.Len(t, page.Items, max(0, min(50, c.want-10)))
				require.Equal(t, c.want > 60, page.More)
				n, err := s.CountAssets(t.Context(), c.f)
				require.NoError(t, err)
				require.EqualValues(t, c.want, n)
			})
		}
	}
}

func TestAssetsByIDAndSlug(t *testing.T) {
	s := manyAssets(t)
	all, err := s.Assets(t.Context(), market.AssetFilter{}, market.AssetsByRank, market.Window[market.AssetKey]{Size: 500})
	require.NoError(t, err)
	got, err := s.AssetsByID(t.Context(), []int64{all.Items[3].ID, all.Items[80].ID, all.Items[3].ID, 1 << 40})
	require.NoError(t, err)
	require.ElementsMatch(t, []market.Asset{all.Items[3], all.Items[80]}, got)
	for _, a := range all.Items {
		found, err := s.AssetBySlug(t.Context(), a.Slug)
		require.NoError(t, err)
		require.Equal(t, a, found)
	}
	_, err = s.AssetBySlug(t.Context(), "nothing")
	require.ErrorIs(t, err, market.ErrNotFound)
}
