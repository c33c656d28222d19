package postgres_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// anyAge lets prices of any time take part in a consensus.
const anyAge = 100 * 365 * 24 * time.Hour

// bySymbol resolves listings by nothing but their symbol, so that a test has figures at will.
func bySymbol(listings []market.Evidence) market.Resolution {
	var result market.Resolution
	at := map[string]int{}
	for i, l := range listings {
		n, known := at[l.Symbol]
		if !known {
			n = len(result.Groups)
			at[l.Symbol] = n
			result.Groups = append(result.Groups, market.Group{Symbol: l.Symbol, Name: cmp.Or(l.Name, l.Symbol), Named: l.Name != ""})
		}
		member := market.Member{Listing: i, Match: market.Match{Method: market.MatchSymbolAndName, Confidence: 1}}
		result.Groups[n].Members = append(result.Groups[n].Members, member)
	}
	return result
}

// assetNames sort differently by language than by bytes.
var assetNames = []string{"Bitcoin", "bitcoin", "Élan", "Zcash", "100%", "under_score", `back\slash`, "Dollar", "it's"}

// manyCoins are those of the sources named in seedSources: of 1 to 3 of them each, with many that have the
// same name, rank or figure, and many that have no rank, price, market cap or change.
func manyCoins(source string, count int) []market.Observation {
	var coins []market.Observation
	n := slices.Index(seedSources, source)
	for i := range count {
		lists := []bool{i%2 == 0 || i%3 != 0 && i%5 == 0, i%3 == 0, i%5 != 0}
		if !lists[n] {
			continue
		}
		price := fmt.Sprint(10*(i%6+1) + n*(i%4))
		if i%7 == 0 {
			price = "0"
		}
		o := observe(fmt.Sprint(i), noon, price)
		o.Symbol, o.Name = fmt.Sprintf("C%d", i), assetNames[i%len(assetNames)]
		if rank := int32(i%8) * 100; rank > 0 {
			o.Rank = &rank
		}
		if i%4 != 1 {
			o.MarketCapUSD = decimal.NewNullDecimal(decimal.New(int64(i%5), 3))
		}
		if i%5 != 2 {
			o.PercentChange24h = decimal.NewNullDecimal(decimal.New(int64(i%9-4), -1))
		}
		coins = append(coins, o)
	}
	return coins
}

// manyAssets is a store of 92 assets that live, one that was merged, and one that has a former slug.
func manyAssets(t *testing.T) (*postgres.Store, *bun.DB) {
	t.Helper()
	db := postgrestest.New(t)
	s := postgres.New(db, bySymbol)
	s.ConsensusAge = anyAge
	var pages []page
	for _, source := range seedSources[:3] {
		pages = append(pages, page{source, manyCoins(source, 90)})
	}
	pages = append(pages,
		page{"gamma", []market.Observation{coin("one", "M", "Merged", 0), coin("two", "P", "", 0), coin("three", "L", "Lone", 0)}},
		page{"gamma", []market.Observation{coin("one", "C4", "Merged", 0), coin("two", "P", "Proper", 0)}})
	told(t, s, pages...)
	return s, db
}

// compareAssets is an order of assets in other words: by figure, those without one last, then by id.
func compareAssets(o market.AssetOrder) func(a, b market.Asset) int {
	descending := strings.HasSuffix(string(o), "DESC")
	return func(a, b market.Asset) int {
		x, y := figureOf(o, a), figureOf(o, b)
		switch {
		case o == market.AssetsByName:
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		case x.Valid != y.Valid && x.Valid:
			return -1
		case x.Valid != y.Valid:
			return 1
		case descending:
			return cmp.Or(y.Decimal.Cmp(x.Decimal), cmp.Compare(b.ID, a.ID))
		}
		return cmp.Or(x.Decimal.Cmp(y.Decimal), cmp.Compare(a.ID, b.ID))
	}
}

func figureOf(o market.AssetOrder, a market.Asset) decimal.NullDecimal {
	switch {
	case o == market.AssetsByRank:
		rank := int32(math.MaxInt32)
		if a.Rank != nil {
			rank = *a.Rank
		}
		return decimal.NewNullDecimal(decimal.NewFromInt32(rank))
	case o == market.AssetsByName || a.Consensus == nil:
		return decimal.NullDecimal{}
	case o == market.AssetsByPrice:
		return decimal.NewNullDecimal(a.Consensus.PriceUSD)
	case o == market.AssetsBySpread:
		return decimal.NewNullDecimal(a.Consensus.SpreadPercent)
	case o == market.AssetsByMarketCap:
		return a.Consensus.MarketCapUSD
	}
	return a.Consensus.PercentChange24h
}

// everyAsset reads all assets by their ids, which no order has a part in, with the sources that list each.
func everyAsset(t *testing.T, s *postgres.Store, db *bun.DB) (living []market.Asset, sources map[int64][]string) {
	t.Helper()
	var ids []int64
	require.NoError(t, db.NewRaw("SELECT id FROM assets").Scan(t.Context(), &ids))
	assets, err := s.AssetsByID(t.Context(), ids)
	require.NoError(t, err)
	require.Len(t, assets, len(ids))
	listings, err := s.ListingsOf(t.Context(), ids)
	require.NoError(t, err)
	sources = map[int64][]string{}
	for _, l := range listings {
		if !slices.Contains(sources[l.AssetID], l.Source) {
			sources[l.AssetID] = append(sources[l.AssetID], l.Source)
		}
	}
	for _, a := range assets {
		require.Equal(t, a.MergedInto == 0, len(sources[a.ID]) > 0, a.Slug)
		if a.MergedInto == 0 {
			living = append(living, a)
		}
	}
	return living, sources
}
