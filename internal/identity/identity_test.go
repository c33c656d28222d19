package identity_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
)

// listing reads "source/id SYMBOL name #rank"; "-" is nothing.
func listing(text string) market.Listing {
	fields := strings.Fields(text)
	source, id, _ := strings.Cut(fields[0], "/")
	l := market.Listing{Source: source, ExternalID: id}
	if fields[1] != "-" {
		l.Symbol = fields[1]
	}
	for _, word := range fields[2:] {
		if number, is := strings.CutPrefix(word, "#"); is {
			var rank int32
			fmt.Sscan(number, &rank)
			l.Rank = &rank
		} else if word != "-" {
			l.Name = strings.TrimSpace(l.Name + " " + word)
		}
	}
	return l
}

// told writes each group as "SYMBOL name: source/id METHOD confidence, ...".
func told(listings []market.Listing, groups []market.Group) []string {
	lines := make([]string, len(groups))
	for i, g := range groups {
		members := make([]string, len(g.Members))
		for j, m := range g.Members {
			l := listings[m.Listing]
			members[j] = fmt.Sprintf("%s/%s %s %v", l.Source, l.ExternalID, m.Match.Method, m.Match.Confidence)
		}
		lines[i] = fmt.Sprintf("%s %s: %s", g.Symbol, g.Name, strings.Join(members, ", "))
		if !g.Named {
			lines[i] = "half " + lines[i]
		}
	}
	return lines
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []string
		want []string
	}{
		{"nothing", nil, []string{}},
		{"one", []string{"a/x BTC Bitcoin"}, []string{"BTC Bitcoin: a/x ALONE 1"}},
		{"symbol and name in any spelling", []string{"b/y btc bit-COIN #2", "a/x BTC Bitcoin #1"},
			[]string{"BTC Bitcoin: a/x SYMBOL_AND_NAME 0.95, b/y SYMBOL_AND_NAME 0.95"}},
		{"a symbol alone is not enough", []string{"a/x BTC Bitcoin #1", "b/y BTC Batcoin #2"},
			[]string{"BTC Bitcoin: a/x ALONE 1", "BTC Batcoin: b/y ALONE 1"}},
		{"a name alone is not enough", []string{"a/x BTC Bitcoin #1", "b/y XBT Bitcoin #2"},
			[]string{"BTC Bitcoin: a/x ALONE 1", "XBT Bitcoin: b/y ALONE 1"}},
		{"two of one source never", []string{"a/x BTC Bitcoin #9", "a/y BTC Bitcoin #3", "b/z BTC Bitcoin #1"},
			[]string{"BTC Bitcoin: b/z SYMBOL_AND_NAME 0.95, a/y SYMBOL_AND_NAME 0.95", "BTC Bitcoin: a/x ALONE 1"}},
		{"a ticker goes to the leader", []string{"csv/BTC BTC -", "a/y BTC Batcoin #700", "a/x BTC Bitcoin #1"},
			[]string{"BTC Bitcoin: a/x ALONE 1, csv/BTC TICKER 0.5", "BTC Batcoin: a/y ALONE 1"}},
		{"a ticker among the unranked", []string{"csv/BTC BTC -", "a/y BTC Batcoin", "a/x BTC Bitcoin"},
			[]string{"BTC Bitcoin: a/x ALONE 1", "BTC Batcoin: a/y ALONE 1", "half BTC BTC: csv/BTC ALONE 1"}},
		{"a ticker that one has", []string{"csv/BTC btc -", "a/x BTC Bitcoin"},
			[]string{"BTC Bitcoin: a/x ALONE 1, csv/BTC TICKER 0.5"}},
		{"a ticker whose leader is of its source", []string{"a/t BTC -", "a/x BTC Bitcoin #1"},
			[]string{"BTC Bitcoin: a/x ALONE 1", "half BTC BTC: a/t ALONE 1"}},
		{"tickers of two sources", []string{"b/BTC BTC -", "a/BTC BTC -"},
			[]string{"half BTC BTC: a/BTC ALONE 1, b/BTC TICKER 0.5"}},
		{"names without symbols", []string{"a/gold - Gold", "b/gold - Gold"},
			[]string{"half GOLD Gold: a/gold ALONE 1, b/gold NAME 0.5"}},
		{"a name goes to the leader", []string{"csv/Bitcoin - bitcoin", "a/y BIT Bitcoin #700", "a/x BTC Bitcoin #1"},
			[]string{"BTC Bitcoin: a/x ALONE 1, csv/Bitcoin NAME 0.5", "BIT Bitcoin: a/y ALONE 1"}},
		{"nothing but ids", []string{"a/x - -", "b/x - -"},
			[]string{"half X x: a/x ALONE 1", "half X x: b/x ALONE 1"}},
		{"names without letters", []string{"a/x X ++", "b/x X --"},
			[]string{"X ++: a/x ALONE 1", "X --: b/x ALONE 1"}},
		{"scripts", []string{"a/x BTC 比特币", "b/y BTC 比特币", "c/z BTC 比特"},
			[]string{"BTC 比特币: a/x SYMBOL_AND_NAME 0.95, b/y SYMBOL_AND_NAME 0.95", "BTC 比特: c/z ALONE 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			listings := make([]market.Listing, len(c.in))
			for i, text := range c.in {
				listings[i] = listing(text)
			}
			require.Equal(t, c.want, told(listings, identity.Resolve(listings)))
		})
	}
}

// anyListings are few names over few sources, so that they meet all the time.
var anyListings = rapid.Custom(func(t *rapid.T) []market.Listing {
	listings := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) market.Listing {
		l := market.Listing{
			Source:     rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "source"),
			ExternalID: rapid.StringMatching(`[a-z]{1,2}`).Draw(t, "id"),
			Symbol:     rapid.SampledFrom([]string{"BTC", "btc", "ETH", ""}).Draw(t, "symbol"),
			Name:       rapid.SampledFrom([]string{"Bitcoin", "bit coin", "Ether", "", "!"}).Draw(t, "name"),
		}
		if rank := rapid.Int32Range(0, 4).Draw(t, "rank"); rank > 0 {
			l.Rank = &rank
		}
		return l
	}), 0, 14, func(l market.Listing) string { return l.Source + "/" + l.ExternalID }).Draw(t, "listings")
	return listings
})

func TestResolveDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		listings := anyListings.Draw(t, "listings")
		shuffled := rapid.Permutation(listings).Draw(t, "shuffled")
		want := told(listings, identity.Resolve(listings))
		require.Equal(t, want, told(shuffled, identity.Resolve(shuffled)))
		require.Equal(t, want, told(listings, identity.Resolve(listings)), "a second time")
	})
}

func TestResolveKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		listings := anyListings.Draw(t, "listings")
		before := slices.Clone(listings)
		seen := map[int]bool{}
		for _, g := range identity.Resolve(listings) {
			require.NotEmpty(t, g.Members)
			sources := map[string]bool{}
			for _, m := range g.Members {
				l := listings[m.Listing]
				require.False(t, seen[m.Listing], "%v is in two groups", l)
				require.False(t, sources[l.Source], "two of %s are one asset", l.Source)
				seen[m.Listing], sources[l.Source] = true, true
				require.True(t, len(g.Members) == 1 || strings.EqualFold(g.Symbol, l.Symbol) || m.Match.Method == market.MatchName ||
					listings[g.Members[0].Listing].Symbol == "")
				require.Positive(t, m.Match.Confidence)
				require.LessOrEqual(t, m.Match.Confidence, 1.0)
			}
			require.NotEmpty(t, g.Name)
			require.NotEmpty(t, g.Symbol)
			require.Equal(t, strings.ToUpper(g.Symbol), g.Symbol)
			leader := listings[g.Members[0].Listing]
			require.Equal(t, g.Named, leader.Name != "" && leader.Symbol != "")
		}
		require.Len(t, seen, len(listings), "each listing is in a group")
		require.Equal(t, before, listings)
	})
}
