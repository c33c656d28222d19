package identity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
)

func TestResolveDoesNotDependOnOrderOrOnWhatWasStored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := anyListings.Draw(t, "listings")
		want := told(list, identity.Resolve(list))
		shuffled := rapid.Permutation(list).Draw(t, "shuffled")
		for i := range shuffled {
			shuffled[i].ID = rapid.Int64Range(0, 9).Draw(t, "number")
			shuffled[i].AssetID = rapid.Int64Range(0, 3).Draw(t, "asset")
			shuffled[i].Pinned = rapid.Bool().Draw(t, "pinned")
			shuffled[i].Match = market.Match{Method: market.MatchContract, Confidence: 1, Reason: "as it was"}
		}
		require.Equal(t, want, told(shuffled, identity.Resolve(shuffled)))
	})
}

func TestResolvePutsEachListingInOneGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := anyListings.Draw(t, "listings")
		before := copied(list)
		groups := identity.Resolve(list).Groups
		require.Equal(t, before, list, "what was given is left as it was")
		seen := map[int]bool{}
		for _, g := range groups {
			sources := map[string]bool{}
			for _, m := range g.Members {
				l := list[m.Listing]
				require.False(t, seen[m.Listing], "%s is in two groups", l.Key())
				require.False(t, sources[l.Source], "two of %s are one asset", l.Source)
				seen[m.Listing], sources[l.Source] = true, true
				requireMatch(t, g, m.Match)
			}
			requireNamed(t, g, list[g.Members[0].Listing])
		}
		require.Len(t, seen, len(list))
		require.True(t, slices.IsSortedFunc(groups, func(x, y market.Group) int { return bestRank(list, x) - bestRank(list, y) }), "best ranked first")
	})
}

func requireMatch(t *rapid.T, g market.Group, m market.Match) {
	require.Positive(t, m.Confidence)
	require.LessOrEqual(t, m.Confidence, 1.0)
	require.NotEmpty(t, m.Reason)
	if len(g.Members) == 1 {
		require.Equal(t, market.MatchAlone, m.Method)
	}
}

func requireNamed(t *rapid.T, g market.Group, first market.Evidence) {
	require.NotEmpty(t, g.Name)
	require.NotEmpty(t, g.Symbol)
	require.Equal(t, strings.ToUpper(g.Symbol), g.Symbol)
	require.Equal(t, first.Name != "" && first.Symbol != "", g.Named)
}

func TestResolveDoesWhatPeopleSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := anyListings.Draw(t, "listings")
		asset := assets(list, identity.Resolve(list))
		for _, l := range list {
			for _, key := range l.Apart {
				if other, known := asset[key]; known && key != l.Key() {
					require.NotEqual(t, other, asset[l.Key()], "%s is kept apart from %s", l.Key(), key)
				}
			}
		}
		for _, said := range saidToBeOne(list) {
			if !possible(list, said) {
				continue
			}
			for _, i := range said {
				require.Equal(t, asset[list[said[0]].Key()], asset[list[i].Key()], "%s is said to be %s", list[i].Key(), list[said[0]].Key())
			}
		}
	})
}

func TestCandidatesCanBeLinked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := anyListings.Draw(t, "listings")
		r := identity.Resolve(list)
		asset := assets(list, r)
		last, seen := 1.0, map[[2]int]bool{}
		for _, c := range r.Candidates {
			x, y := &list[c.Listings[0]], &list[c.Listings[1]]
			require.Less(t, x.Source, y.Source, "by source")
			require.False(t, seen[c.Listings], "%s and %s are named twice", x.Key(), y.Key())
			require.NotEqual(t, asset[x.Key()], asset[y.Key()])
			both := append(members(r, asset[x.Key()]), members(r, asset[y.Key()])...)
			require.True(t, possible(list, both), "%s and %s cannot be one asset", x.Key(), y.Key())
			require.Positive(t, c.Match.Confidence)
			require.LessOrEqual(t, c.Match.Confidence, last, "best first")
			require.NotEmpty(t, c.Match.Reason)
			last, seen[c.Listings] = c.Match.Confidence, true
		}
	})
}

// A listing that nobody has decided anything about may hold others apart, or join them; and so one that
// is taken away may let others come together only if it had held them apart, and never takes with it
// what brought together those that stay.
func TestAListingThatIsAddedBringsNoOthersTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := anyListings.Filter(func(l []market.Evidence) bool { return len(l) > 1 }).Draw(t, "listings")
		i := rapid.IntRange(0, len(list)-1).Draw(t, "added")
		added := list[i].Key()
		list[i].Same, list[i].Apart = nil, nil
		for j := range list {
			list[j].Same = without(list[j].Same, added)
			list[j].Apart = without(list[j].Apart, added)
		}
		few := slices.Delete(slices.Clone(list), i, i+1)
		before, after := assets(few, identity.Resolve(few)), assets(list, identity.Resolve(list))
		for _, x := range few {
			for _, y := range few {
				if after[x.Key()] == after[y.Key()] && after[x.Key()] != after[added] {
					require.Equal(t, before[x.Key()], before[y.Key()], "%s has brought %s and %s together", added, x.Key(), y.Key())
				}
			}
		}
	})
}

// A decision about others says nothing of a pair: neither whether it is one asset, nor whether it may be.
func TestADecisionAboutOthersChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := anyListings.Draw(t, "listings")
		others := listings("a/other1 OTHER Somewhere", "b/other1 ELSE Otherwise !a/other1")
		lines := told(append(others, list...), identity.Resolve(append(others, list...)))
		lines = slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(line, "/other1 ") })
		require.ElementsMatch(t, told(list, identity.Resolve(list)), lines)
	})
}

func usd(t *rapid.T, label string, amounts ...string) decimal.NullDecimal {
	if amount := rapid.SampledFrom(amounts).Draw(t, label); amount != "" {
		return decimal.NewNullDecimal(decimal.RequireFromString(amount))
	}
	return decimal.NullDecimal{}
}
