package postgres_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// A price that is wrong for a while parts an asset only while it is wrong.
func TestAWrongPriceHeals(t *testing.T) {
	s := newStory(t)
	s.say(t, "alpha", priced("bitcoin", "BTC", "Bitcoin", "60000"))
	s.say(t, "beta", priced("btc-bitcoin", "BTC", "Bitcoin", "60010"))
	before := s.homes(t)
	s.say(t, "beta", priced("btc-bitcoin", "BTC", "Bitcoin", "0.6"), priced("new", "NEW", "New", "1"))
	require.NotEqual(t, before, s.homes(t)[:1])
	s.say(t, "beta", priced("btc-bitcoin", "BTC", "Bitcoin", "60020"))
	require.Contains(t, s.homes(t), before[0], "a run that brings nothing new")
	s.requireWhole(t)
}

// What a run that was cut off has brought is judged at the end of the next, with the prices that came since.
func TestListingsOfARunThatWasCutOffAreSettledByTheNext(t *testing.T) {
	for _, how := range []market.RunStatus{market.RunInterrupted, "abandoned"} {
		s := newStory(t)
		s.say(t, "alpha", priced("toncoin", "TON", "Toncoin", "10"))
		cut := start(t, s.Store, "beta")
		commit(t, s.Store, cut, priced("toncoin-ton", "TONCOIN", "Toncoin", "500"))
		if how == market.RunInterrupted {
			_, err := s.FinishRun(t.Context(), cut.ID, market.RunEnd{Status: how})
			require.NoError(t, err)
		} else {
			_, err := s.db.ExecContext(t.Context(), "UPDATE etl_runs SET status = 'abandoned', finished_at = now() WHERE id = ?", cut.ID)
			require.NoError(t, err)
		}
		require.Len(t, s.homes(t), 2)
		s.say(t, "beta", priced("toncoin-ton", "TONCOIN", "Toncoin", "10.1"))
		require.Len(t, s.homes(t), 1, how)
		s.requireWhole(t)
	}
}

// A link speaks of two listings and of no other: bystanders stay free to go, and names stay.
func TestALinkFreezesNoBystander(t *testing.T) {
	s := newStory(t)
	for _, source := range []string{"beta", "delta"} {
		s.say(t, source, priced("b", "BBB", "Bob", "500"))
	}
	s.say(t, "alpha", priced("a", "AAA", "Ada", "10"))
	bob := s.asset(t, "bob")
	s.link(t, "alpha/a", "bob")
	require.Equal(t, []string{fmt.Sprint(bob.ID, " bob BBB Bob: alpha/a PINNED beta/b SYMBOL_AND_NAME delta/b SYMBOL_AND_NAME")}, s.homes(t))
	s.say(t, "delta", priced("b", "DDD", "Dee", "3"))
	require.Len(t, s.homes(t), 2)
	require.Len(t, s.asset(t, "bob").Slug, 3)
	require.Contains(t, fmt.Sprint(s.homes(t)), "Dee: delta/b ALONE")
	s.requireWhole(t)
}

// Whoever was only spoken about has nothing to be released from, and is told who has.
func TestReleasingTheOtherSideNamesWhoWasLinked(t *testing.T) {
	s := threeCoins(t)
	s.link(t, "gamma/c", "ada")
	_, err := s.ReleaseListing(t.Context(), keyText("alpha/a"), "ann")
	var refused *market.InputError
	require.ErrorAs(t, err, &refused)
	require.ErrorContains(t, err, "gamma/c")
	listings, err := s.ListingsOf(t.Context(), []int64{s.asset(t, "ada").ID})
	require.NoError(t, err)
	for _, l := range listings {
		require.True(t, l.Pinned, "%s: both sides of a decision say so", l.Key())
	}
	s.release(t, "gamma/c")
	require.False(t, s.release(t, "alpha/a").Pinned)
}

// A source gives a coin another id: once the old one is silent for long enough, the coin is found under its new
// id, by a run that brings nothing new, and its asset is what it was.
func TestACoinUnderAnotherIDIsItself(t *testing.T) {
	s := newStory(t)
	s.say(t, "alpha", priced("elrond-erd-2", "EGLD", "Elrond", "10"))
	s.say(t, "beta", priced("egld-egld1", "EGLD", "Elrond", "10"), priced("other", "OTH", "Other", "3"))
	elrond := s.asset(t, "elrond")
	s.say(t, "beta", priced("egld-egld2", "EGLD", "Elrond", "10.01"), priced("other", "OTH", "Other", "3"))
	s.minute += 200
	s.say(t, "alpha", priced("elrond-erd-2", "EGLD", "Elrond", "10.02"))
	_, err := s.db.ExecContext(t.Context(), "UPDATE etl_runs SET settled_at = settled_at - interval '4 hours'")
	require.NoError(t, err)
	s.say(t, "beta", priced("egld-egld2", "EGLD", "Elrond", "10.03"), priced("other", "OTH", "Other", "3"))
	require.Contains(t, fmt.Sprint(s.homes(t)), "alpha/elrond-erd-2 SYMBOL_AND_NAME beta/egld-egld2 SYMBOL_AND_NAME")
	now := s.asset(t, "elrond")
	require.Equal(t, elrond.ID, now.ID)
	listings, err := s.ListingsOf(t.Context(), []int64{now.ID})
	require.NoError(t, err)
	require.Len(t, listings, 2)
	s.requireWhole(t)
}
