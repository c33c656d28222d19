package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

var assetOrders = []market.AssetOrder{
	market.AssetsByRank, market.AssetsByName, market.AssetsByPrice, market.AssetsByMarketCap, market.AssetsByGain,
	market.AssetsByLoss, market.AssetsBySpread,
}

// leadsTo are slugs of manyAssets that lead elsewhere.
var leadsTo = map[string]string{"merged": "100-c4", "p": "proper"}

// admits says of an asset what the filter does, in other words.
func admits(f market.AssetFilter, a market.Asset, sources []string) bool {
	within := func(list []string, s string) bool { return list == nil || slices.Contains(list, s) }
	slugs := slices.Clone(f.Slugs)
	for i, slug := range slugs {
		if to, ok := leadsTo[slug]; ok {
			slugs[i] = to
		}
	}
	var symbols []string
	if f.Symbols != nil {
		symbols = strings.Split(strings.ToUpper(strings.Join(f.Symbols, " ")), " ")
	}
	return within(slugs, a.Slug) && within(symbols, a.Symbol) &&
		(f.Sources == nil || slices.ContainsFunc(sources, func(s string) bool { return slices.Contains(f.Sources, s) })) &&
		strings.Contains(strings.ToLower(a.Name), strings.ToLower(f.Name)) && len(sources) >= int(f.MinSources) &&
		(f.MinSpreadPercent == nil || a.Consensus != nil && a.Consensus.SpreadPercent.GreaterThanOrEqual(*f.MinSpreadPercent))
}

type assetCase struct {
	f    market.AssetFilter
	want int // so many, so that no case is empty by accident
}

func assetCases() map[string]assetCase {
	spread := func(text string) *decimal.Decimal {
		d := decimal.RequireFromString(text)
		return &d
	}
	return map[string]assetCase{
		"all":                   {market.AssetFilter{}, 92},
		"a source":              {market.AssetFilter{Sources: []string{"alpha", "alpha", "nobody"}}, 51},
		"two sources":           {market.AssetFilter{Sources: []string{"beta", "alpha"}}, 66},
		"a source nobody knows": {market.AssetFilter{Sources: []string{"nobody"}}, 0},
		"one at least":          {market.AssetFilter{MinSources: 1}, 92},
		"two at least":          {market.AssetFilter{MinSources: 2}, 51},
		"three of a source":     {market.AssetFilter{MinSources: 3, Sources: []string{"beta"}}, 12},
		"more than there are":   {market.AssetFilter{MinSources: 4}, 0},
		"any spread":            {market.AssetFilter{MinSpreadPercent: spread("0")}, 79},
		"a spread to the digit": {market.AssetFilter{MinSpreadPercent: spread("12.5")}, 13},
		"a spread just missed":  {market.AssetFilter{MinSpreadPercent: spread("12.5001")}, 7},
		"part":                  {market.AssetFilter{Name: "bITc"}, 20},
		"percent":               {market.AssetFilter{Name: "%"}, 10},
		"underscore":            {market.AssetFilter{Name: "r_s"}, 10},
		"backslash":             {market.AssetFilter{Name: `k\s`}, 10},
		"quote":                 {market.AssetFilter{Name: "t's"}, 10},
		"nul":                   {market.AssetFilter{Name: "\x00"}, 0},
		"symbols":               {market.AssetFilter{Symbols: []string{"c0", "C11", "\x00'"}}, 2},
		"slugs":                 {market.AssetFilter{Slugs: []string{"zcash", "dollar", "nothing", "\xff\x00"}}, 2},
		"former slugs":          {market.AssetFilter{Slugs: []string{"p", "merged", "proper", "lone"}}, 3},
		"all at once": {market.AssetFilter{Sources: []string{"beta", "gamma"}, Name: "bit", Symbols: []string{"C0", "c9", "C36", "C10"},
			MinSources: 2, MinSpreadPercent: spread("0"), Slugs: []string{"bitcoin", "bitcoin-c9", "bitcoin-c36", "bitcoin-c10"}}, 2},
		"none":       {market.AssetFilter{Slugs: []string{}}, 0},
		"no symbols": {market.AssetFilter{Symbols: []string{}}, 0},
		"no sources": {market.AssetFilter{Sources: []string{}}, 0},
	}
}

// Every asset that the filter lets through comes exactly once, in every order and both directions, those
// without the figure last; and so many are counted.
func TestPagingThroughAssets(t *testing.T) {
	s, db := manyAssets(t)
	all, sources := everyAsset(t, s, db)
	for name, c := range assetCases() {
		for _, order := range assetOrders {
			t.Run(fmt.Sprint(name, " ", order), func(t *testing.T) {
				want := slices.DeleteFunc(slices.Clone(all), func(a market.Asset) bool { return !admits(c.f, a, sources[a.ID]) })
				slices.SortFunc(want, compareAssets(order))
				require.Equal(t, c.want, len(want))
				read := func(w market.Window[market.AssetKey]) (market.Page[market.Asset], error) {
					return s.Assets(t.Context(), c.f, order, w)
				}
				requireAssets(t, want, walk(t, market.Window[market.AssetKey]{Size: 13}, order.Key, read, nil))
				requireAssets(t, want, walk(t, market.Window[market.AssetKey]{Size: 11, Backward: true}, order.Key, read, nil))
				page, err := read(market.Window[market.AssetKey]{Size: 50, Skip: 10})
				require.NoError(t, err)
				requireAssets(t, want[min(10, c.want):min(60, c.want)], page.Items)
				require.Equal(t, c.want > 60, page.More)
				n, err := s.CountAssets(t.Context(), c.f)
				require.NoError(t, err)
				require.EqualValues(t, c.want, n)
			})
		}
	}
}

// requireAssets compares lists of assets, their consensus included.
func requireAssets(t *testing.T, want, got []market.Asset) {
	t.Helper()
	slugs := func(list []market.Asset) []string {
		names := make([]string, len(list))
		for i, a := range list {
			names[i] = a.Slug
		}
		return names
	}
	require.Equal(t, slugs(want), slugs(got))
	for i := range want {
		require.Equal(t, want[i], got[i])
	}
}

// Both ends of a window may be given, and an end need not be in the list.
func TestAssetsBetweenTwoPlaces(t *testing.T) {
	s, db := manyAssets(t)
	all, _ := everyAsset(t, s, db)
	for _, order := range assetOrders {
		slices.SortFunc(all, compareAssets(order))
		after, before := order.Key(all[5]), order.Key(all[80])
		w := market.Window[market.AssetKey]{Size: 100, After: &after, Before: &before}
		for _, w.Backward = range []bool{false, true} {
			page, err := s.Assets(t.Context(), market.AssetFilter{}, order, w)
			require.NoError(t, err)
			requireAssets(t, all[6:80], page.Items)
			require.False(t, page.More)
		}
	}
	forged := market.AssetKey{Name: "Z\x00'", ID: 1}
	page, err := s.Assets(t.Context(), market.AssetFilter{}, market.AssetsByName, market.Window[market.AssetKey]{Size: 100, After: &forged})
	require.NoError(t, err)
	require.Equal(t, "back-slash", page.Items[0].Slug)
}

func TestAssetsByIDAndSlug(t *testing.T) {
	s, db := manyAssets(t)
	all, _ := everyAsset(t, s, db)
	got, err := s.AssetsByID(t.Context(), []int64{all[3].ID, all[80].ID, all[3].ID, 1 << 40})
	require.NoError(t, err)
	require.ElementsMatch(t, []market.Asset{all[3], all[80]}, got)
	for _, a := range all {
		found, err := s.AssetBySlug(t.Context(), a.Slug)
		require.NoError(t, err)
		require.Equal(t, a, found)
	}
	for from, to := range leadsTo {
		found, err := s.AssetBySlug(t.Context(), from)
		require.NoError(t, err)
		require.Equal(t, to, found.Slug)
	}
	_, err = s.AssetBySlug(t.Context(), "nothing")
	require.ErrorIs(t, err, market.ErrNotFound)
}
