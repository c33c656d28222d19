package postgres_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// doubtful is a story of ten pairs that a person may decide: nine coins whose prices are far apart, and one
// of which no price is known. The last source has a part in one of them only.
func doubtful(t *testing.T) *story {
	t.Helper()
	s := newStory(t)
	var alpha, beta []market.Observation
	for i := range 8 {
		id, symbol, name := fmt.Sprint("coin-", i), fmt.Sprint("SYM", i), fmt.Sprint("Coin ", i)
		alpha, beta = append(alpha, priced(id, symbol, name, "10")), append(beta, priced(id, symbol, name, "900"))
	}
	alpha = append(alpha, priced("ada", "ADA", "Ada", "10"), priced("bob", "BOB", "Bob", "5"))
	s.say(t, "alpha", alpha...)
	s.say(t, "beta", append(beta, priced("lovelace", "ADA", "Lovelace", "0"))...)
	s.say(t, "gamma", priced("bob", "BOB", "Bob", "11"))
	return s
}

func (s *story) candidates(t *testing.T, f market.CandidateFilter) []market.MatchCandidate {
	t.Helper()
	page, err := s.MatchCandidates(t.Context(), f, market.Window[market.CandidateKey]{Size: 100})
	require.NoError(t, err)
	require.False(t, page.More)
	return page.Items
}

func TestPagingThroughCandidates(t *testing.T) {
	s := doubtful(t)
	for name, c := range map[string]struct {
		f    market.CandidateFilter
		want int
	}{
		"all":                {market.CandidateFilter{}, 10},
		"a source":           {market.CandidateFilter{Sources: []string{"gamma", "nobody\x00"}}, 1},
		"either source":      {market.CandidateFilter{Sources: []string{"beta", "gamma"}}, 10},
		"no source":          {market.CandidateFilter{Sources: []string{}}, 0},
		"an asset":           {market.CandidateFilter{Assets: []string{"coin-3", "nothing"}}, 1},
		"its other":          {market.CandidateFilter{Assets: []string{"coin-3-sym3"}}, 1},
		"assets":             {market.CandidateFilter{Assets: []string{"coin-3", "coin-3-sym3", "lovelace"}}, 2},
		"no asset":           {market.CandidateFilter{Assets: []string{}}, 0},
		"of the least score": {market.CandidateFilter{MinScore: 0.3}, 10},
		"of a score":         {market.CandidateFilter{MinScore: 0.5}, 1},
		"of none":            {market.CandidateFilter{MinScore: 0.51}, 0},
		"all at once":        {market.CandidateFilter{Sources: []string{"beta"}, Assets: []string{"ada", "bob"}, MinScore: 0.2}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			read := func(w market.Window[market.CandidateKey]) (market.Page[market.MatchCandidate], error) {
				return s.MatchCandidates(t.Context(), c.f, w)
			}
			key := func(m market.MatchCandidate) market.CandidateKey { return m.CandidateKey }
			got := walk(t, market.Window[market.CandidateKey]{Size: 3}, key, read, nil)
			require.Equal(t, c.want, len(got))
			for i := 1; i < len(got); i++ {
				x, y := got[i-1], got[i]
				require.True(t, x.Score > y.Score || x.Score == y.Score && x.ID > y.ID, "best first")
			}
			require.Equal(t, got, walk(t, market.Window[market.CandidateKey]{Size: 4, Backward: true}, key, read, nil))
			second, err := read(market.Window[market.CandidateKey]{Size: 4, Skip: 4})
			require.NoError(t, err)
			require.ElementsMatch(t, got[min(4, c.want):min(8, c.want)], second.Items)
			n, err := s.CountMatchCandidates(t.Context(), c.f)
			require.NoError(t, err)
			require.EqualValues(t, c.want, n)
		})
	}
	best := s.candidates(t, market.CandidateFilter{MinScore: 0.5})[0]
	require.Equal(t, "alpha/ada", best.Listings[0].Key().String())
	require.Equal(t, "beta/lovelace", best.Listings[1].Key().String())
	require.Equal(t, market.MatchSymbolAndPrice, best.Match.Method)
	require.Equal(t, best.Score, best.Match.Confidence)
	require.Contains(t, best.Match.Reason, "symbol agrees")
}

// A candidate keeps its number while it waits, and is gone as soon as there is nothing left to decide.
func TestCandidatesWaitUntilTheyAreSettled(t *testing.T) {
	s := doubtful(t)
	numbers := func() map[string]int64 {
		found := map[string]int64{}
		for _, c := range s.candidates(t, market.CandidateFilter{}) {
			found[c.Listings[0].Key().String()+" "+c.Listings[1].Key().String()] = c.ID
		}
		return found
	}
	before := numbers()
	require.Len(t, before, 10)
	s.say(t, "delta", priced("new", "NEW", "New", "3"))
	require.Equal(t, before, numbers())

	s.link(t, "beta/coin-0", "coin-0")
	delete(before, "alpha/coin-0 beta/coin-0")
	require.Equal(t, before, numbers(), "linked")

	s.link(t, "beta/coin-1", "coin-1")
	s.unlink(t, "beta/coin-1")
	delete(before, "alpha/coin-1 beta/coin-1")
	require.Equal(t, before, numbers(), "told apart")

	s.say(t, "beta", priced("coin-2", "SYM2", "Coin 2", "10.1"), priced("newer", "NEWER", "Newer", "4"))
	delete(before, "alpha/coin-2 beta/coin-2")
	require.Equal(t, before, numbers(), "their prices came to agree")

	s.release(t, "beta/coin-1")
	after := numbers()
	require.Len(t, after, len(before)+1, "it may be decided again")
	require.Greater(t, after["alpha/coin-1 beta/coin-1"], before["alpha/coin-3 beta/coin-3"])
	s.requireWhole(t)
}

func TestPagingThroughChanges(t *testing.T) {
	s := doubtful(t)
	for i := range 5 { // there and back
		s.link(t, fmt.Sprint("beta/coin-", i), fmt.Sprint("coin-", i))
		s.unlink(t, fmt.Sprint("beta/coin-", i))
	}
	s.link(t, "gamma/bob", "lovelace")
	s.unlink(t, "gamma/bob")
	s.link(t, "gamma/bob", "bob")
	s.link(t, "alpha/bob", "lovelace") // to which the slug bob leads from then on; gamma/bob is left behind
	for name, c := range map[string]struct {
		f    market.ChangeFilter
		want int
	}{
		"all":           {market.ChangeFilter{}, 15},
		"a source":      {market.ChangeFilter{Sources: []string{"beta", "nobody"}}, 10},
		"others":        {market.ChangeFilter{Sources: []string{"alpha", "gamma\x00", "gamma"}}, 5},
		"no source":     {market.ChangeFilter{Sources: []string{}}, 0},
		"from it":       {market.ChangeFilter{Assets: []string{"coin-3-sym3"}}, 2},
		"to it":         {market.ChangeFilter{Assets: []string{"coin-3"}}, 2},
		"from it or to": {market.ChangeFilter{Assets: []string{"coin-3", "coin-3-sym3", "coin-4"}}, 4},
		"a merged one":  {market.ChangeFilter{Assets: []string{"bob"}}, 5},
		"no asset":      {market.ChangeFilter{Assets: []string{}}, 0},
		"both":          {market.ChangeFilter{Sources: []string{"beta"}, Assets: []string{"coin-3", "bob", "nothing"}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			requirePagedByID(t, c.want, func(m market.MatchChange) int64 { return m.ID },
				func(w market.Window[int64]) (market.Page[market.MatchChange], error) {
					return s.MatchChanges(t.Context(), c.f, w)
				}, func() (int64, error) { return s.CountMatchChanges(t.Context(), c.f) })
		})
	}
}
