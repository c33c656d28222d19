package identity_test

import (
	"math"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/internal/market"
)

// anyKey is one of few listings, so that decisions mostly name one that is there.
var anyKey = rapid.Custom(func(t *rapid.T) market.ListingKey {
	return market.ListingKey{
		Source:     rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "source"),
		ExternalID: rapid.SampledFrom([]string{"bitcoin", "btc-bitcoin", "btc-bit", "btc", "ether"}).Draw(t, "id"),
	}
})

// anyListing meets others all the time: by symbol, name, id, price, contract, or by decision.
var anyListing = rapid.Custom(func(t *rapid.T) market.Evidence {
	key := anyKey.Draw(t, "key")
	l := market.Evidence{
		Listing: market.Listing{
			Source: key.Source, ExternalID: key.ExternalID,
			Symbol: rapid.SampledFrom([]string{"BTC", "BTCN", "ETH", ""}).Draw(t, "symbol"),
			Name:   rapid.SampledFrom([]string{"Bitcoin", "bit coin", "Bitcoin Token", "Bitcoin Old", "Ether", "Gold", "", "!"}).Draw(t, "name"),
		},
		PriceUSD:     usd(t, "price", "", "", "1", "7.04", "7.05", "9", "20"),
		MarketCapUSD: usd(t, "cap", "", "100", "110", "900"),
		ObservedAt:   rapid.SampledFrom([]time.Time{{}, noon, noon, noon.Add(-48 * time.Hour)}).Draw(t, "time"),
		Gone:         rapid.IntRange(0, 4).Draw(t, "gone") == 0,
	}
	if rank := rapid.Int32Range(0, 4).Draw(t, "rank"); rank > 0 {
		l.Rank = &rank
	}
	if contract := rapid.SampledFrom([]string{"", "", "", "0x1", "0x2"}).Draw(t, "contract"); contract != "" {
		l.Contracts = []string{contract}
	}
	switch key := anyKey.Draw(t, "other"); rapid.IntRange(0, 7).Draw(t, "decision") {
	case 0:
		l.Same = []market.ListingKey{key}
	case 1:
		l.Apart = []market.ListingKey{key}
	}
	return l
})

var anyListings = rapid.SliceOfNDistinct(anyListing, 0, 12, func(l market.Evidence) market.ListingKey { return l.Key() })

func copied(list []market.Evidence) []market.Evidence {
	list = slices.Clone(list)
	for i := range list {
		l := &list[i]
		l.Contracts, l.Same, l.Apart = slices.Clone(l.Contracts), slices.Clone(l.Same), slices.Clone(l.Apart)
	}
	return list
}

func without(keys []market.ListingKey, key market.ListingKey) []market.ListingKey {
	return slices.DeleteFunc(slices.Clone(keys), func(k market.ListingKey) bool { return k == key })
}

// assets tells of each listing the number of its group.
func assets(list []market.Evidence, r market.Resolution) map[market.ListingKey]int {
	asset := map[market.ListingKey]int{}
	for n, g := range r.Groups {
		for _, m := range g.Members {
			asset[list[m.Listing].Key()] = n
		}
	}
	return asset
}

func members(r market.Resolution, asset int) (list []int) {
	for _, m := range r.Groups[asset].Members {
		list = append(list, m.Listing)
	}
	return list
}

func bestRank(list []market.Evidence, g market.Group) int {
	best := math.MaxInt32
	for _, m := range g.Members {
		if rank := list[m.Listing].Rank; rank != nil {
			best = min(best, int(*rank))
		}
	}
	return best
}

// possible tells whether some listings can be one asset: each of another source, none kept apart.
func possible(list []market.Evidence, some []int) bool {
	for n, i := range some {
		for _, j := range some[n+1:] {
			x, y := &list[i], &list[j]
			if x.Source == y.Source || slices.Contains(x.Apart, y.Key()) || slices.Contains(y.Apart, x.Key()) {
				return false
			}
		}
	}
	return true
}

// saidToBeOne are the sets of listings that people's decisions connect.
func saidToBeOne(list []market.Evidence) [][]int {
	sets := make([][]int, 0, len(list))
	for i := range list {
		sets = append(sets, []int{i})
	}
	holds := func(key market.ListingKey) func([]int) bool {
		return func(set []int) bool {
			return slices.ContainsFunc(set, func(i int) bool { return list[i].Key() == key })
		}
	}
	for _, l := range list {
		for _, key := range l.Same {
			x, y := slices.IndexFunc(sets, holds(l.Key())), slices.IndexFunc(sets, holds(key))
			if y < 0 || x == y {
				continue
			}
			sets[x] = append(sets[x], sets[y]...)
			sets = slices.Delete(sets, y, y+1)
		}
	}
	return sets
}
