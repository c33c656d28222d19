package postgres_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func TestDecisionsThatAreRefused(t *testing.T) {
	s := threeCoins(t)
	s.say(t, "alpha", priced("z", "ZZZ", "Zoe", "42"))
	before := s.homes(t)
	for name, c := range map[string]struct {
		decide func() (market.Listing, error)
		says   string
		found  bool
	}{
		"no listing to link": {func() (market.Listing, error) {
			return s.LinkListing(t.Context(), keyText("alpha/nobody"), "bob", "ann")
		}, "listing alpha/nobody", false},
		"no source": {func() (market.Listing, error) {
			return s.LinkListing(t.Context(), keyText("omega/\x00'"), "bob", "ann")
		}, "listing omega/", false},
		"no asset": {func() (market.Listing, error) {
			return s.LinkListing(t.Context(), keyText("alpha/a"), "nothing\x00", "ann")
		}, `asset "nothing`, false},
		"a source twice": {func() (market.Listing, error) { return s.LinkListing(t.Context(), keyText("alpha/z"), "ada", "ann") },
			"this one is alpha/a already", true},
		"no listing to unlink":  {func() (market.Listing, error) { return s.UnlinkListing(t.Context(), keyText("alpha/nobody"), "ann") }, "listing alpha/nobody", false},
		"alone already":         {func() (market.Listing, error) { return s.UnlinkListing(t.Context(), keyText("beta/b"), "ann") }, "stands alone already", true},
		"no listing to release": {func() (market.Listing, error) { return s.ReleaseListing(t.Context(), keyText("alpha/nobody"), "ann") }, "listing alpha/nobody", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.decide()
			require.ErrorContains(t, err, c.says)
			var wrong *market.InputError
			if c.found {
				require.ErrorAs(t, err, &wrong)
			} else {
				require.ErrorIs(t, err, market.ErrNotFound)
			}
			require.Equal(t, before, s.homes(t))
			require.Empty(t, s.changes(t))
		})
	}
}

// What a person said stands, whatever sources say later, until it is taken back.
func TestAPinOutlivesEvidence(t *testing.T) {
	s := threeCoins(t)
	s.link(t, "beta/b", "ada")
	s.say(t, "beta", priced("b", "CCC", "Cid", "0.071")) // all speaks for cid now
	s.say(t, "delta", priced("bob", "BBB", "Bob", "5001"), priced("ada", "AAA", "Ada", "101"))
	require.Equal(t, []string{
		"1 ada AAA Ada: alpha/a SYMBOL_AND_NAME beta/b PINNED delta/ada SYMBOL_AND_NAME",
		"4 bob-bbb BBB Bob: delta/bob ALONE", "3 cid CCC Cid: gamma/c ALONE",
	}, s.homes(t))
	s.requireWhole(t)
	l := s.release(t, "beta/b")
	require.False(t, l.Pinned)
	require.Equal(t, market.MatchSymbolAndName, l.Match.Method)
	require.Equal(t, s.asset(t, "cid").ID, l.AssetID)
	s.requireWhole(t)
}

// A listing that was told apart stays out of the asset when evidence speaks for it, and when more of it comes.
func TestAListingThatWasToldApartStaysOut(t *testing.T) {
	s := newStory(t)
	s.say(t, "alpha", priced("ada", "AAA", "Ada", "10"))
	s.say(t, "beta", priced("ada", "AAA", "Ada", "10"))
	l := s.unlink(t, "beta/ada")
	require.Equal(t, market.Match{Method: market.MatchAlone, Confidence: 1, Reason: "a person said that it is not alpha/ada"}, l.Match)
	require.True(t, l.Pinned)
	apart := []string{"1 ada AAA Ada: alpha/ada ALONE", "2 ada-aaa AAA Ada: beta/ada ALONE"}
	require.Equal(t, apart, s.homes(t))
	s.say(t, "alpha", priced("ada", "AAA", "ADA", "10.1"), priced("new", "NEW", "New", "3"))
	s.say(t, "beta", priced("ada", "AAA", "Ada", "10.1"))
	require.Equal(t, s.asset(t, "ada").ID+1, s.asset(t, "ada-aaa").ID)
	require.Len(t, s.homes(t), 3)
	s.requireWhole(t)
	s.release(t, "beta/ada")
	require.Equal(t, "ada", s.asset(t, "ada-aaa").Slug)
	require.Contains(t, s.homes(t), "1 ada AAA ADA: alpha/ada SYMBOL_AND_NAME beta/ada SYMBOL_AND_NAME")
	s.requireWhole(t)
}

// People who decide at once, beside a run that brings more, leave everything whole.
func TestDecisionsRace(t *testing.T) {
	url := postgrestest.URL(t)
	s := newStoryOn(postgrestest.Open(t, url))
	stores := make([]*postgres.Store, 4)
	for i := range stores {
		stores[i] = postgres.New(postgrestest.Open(t, url), identity.Resolve)
		stores[i].ConsensusAge = anyAge
	}
	for i, source := range seedSources {
		s.say(t, source, priced("one", "ONE"+source, "One "+source, fmt.Sprint(7+100*i)), priced("two", "TWO"+source, "Two "+source, fmt.Sprint(7000+3000*i)))
	}
	before := s.homes(t)
	run := start(t, s.Store, "alpha")
	for round := range 6 {
		for _, err := range race(2*len(stores), func(i int) error {
			store, source := stores[i%len(stores)], seedSources[(i+round)%len(seedSources)]
			key := market.ListingKey{Source: source, ExternalID: []string{"one", "two"}[i%2]}
			switch (i + round) % 4 {
			case 0:
				_, err := store.ReleaseListing(t.Context(), key, "ann")
				return refusedOrNil(err)
			case 1:
				_, err := store.CommitBatch(t.Context(), run.ID, market.Batch{Source: "alpha", FetchedAt: noon, Next: `{}`,
					Observations: []market.Observation{coin(fmt.Sprint("new", round, i), "NEW", fmt.Sprint("New ", round, i), 0)}})
				return err
			}
			_, err := store.LinkListing(t.Context(), key, fmt.Sprintf("%s-%s", []string{"one", "two"}[(i/2)%2], seedSources[i%4]), "bob")
			return refusedOrNil(err)
		}) {
			require.NoError(t, err)
		}
		finish(t, s.Store, run)
		run = start(t, s.Store, "alpha")
		s.requireWhole(t)
	}
	require.NotEmpty(t, s.changes(t))
	for _, source := range seedSources {
		for _, id := range []string{"one", "two"} {
			s.releaseIfSaid(t, source+"/"+id)
		}
	}
	require.Subset(t, s.homes(t), before)
}

// refusedOrNil is nil for a decision that was refused: another had been quicker.
func refusedOrNil(err error) error {
	var refused *market.InputError
	if errors.As(err, &refused) {
		return nil
	}
	return err
}
