package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// threeCoins that have nothing in common, a source each, with two records of each.
func threeCoins(t *testing.T) *story {
	t.Helper()
	s := newStory(t)
	for _, more := range []string{"", "1"} {
		s.say(t, "alpha", priced("a", "AAA", "Ada", "10"+more))
		s.say(t, "beta", priced("b", "BBB", "Bob", "500"+more))
		s.say(t, "gamma", priced("c", "CCC", "Cid", "0.07"+more))
	}
	s.requireWhole(t)
	return s
}

// reading is all that is read of an asset: by its slug, by its id, and under its id.
type reading struct {
	Asset           market.Asset
	Bare            []market.Asset
	BySlug, Latest  []market.Record
	Under           map[int64]market.Page[market.Record]
	Count           int64
	CountUnder      map[int64]int64
	Listings        int
	AssetsUnderSlug []market.Asset
}

func (s *story) read(t *testing.T, slug string, id int64) reading {
	t.Helper()
	var r reading
	var err error
	slugs, ids := []string{slug}, []int64{id}
	r.Asset = s.asset(t, slug)
	r.BySlug = newest(t, s.Store, market.RecordFilter{Assets: slugs})
	r.Bare, err = s.AssetsByID(t.Context(), ids)
	require.NoError(t, err)
	r.Latest, err = s.Store.Latest(t.Context(), ids, "")
	require.NoError(t, err)
	r.Under, err = s.RecordsOf(t.Context(), ids, market.RecordFilter{Assets: slugs}, market.Window[market.RecordKey]{Size: 100})
	require.NoError(t, err)
	r.Count, err = s.CountRecords(t.Context(), market.RecordFilter{Assets: slugs})
	require.NoError(t, err)
	r.CountUnder, err = s.CountRecordsOf(t.Context(), ids, market.RecordFilter{})
	require.NoError(t, err)
	listings, err := s.ListingsOf(t.Context(), ids)
	require.NoError(t, err)
	r.Listings = len(listings)
	page, err := s.Assets(t.Context(), market.AssetFilter{Slugs: slugs}, market.AssetsByPrice, market.Window[market.AssetKey]{Size: 9})
	require.NoError(t, err)
	r.AssetsUnderSlug = page.Items
	return r
}

// What a merge takes away its undoing brings back to the letter, be it told apart or forgotten.
func TestAMergeIsUndoneWithoutATrace(t *testing.T) {
	for name, undo := range map[string]func(*story) market.Listing{
		"unlink":  func(s *story) market.Listing { return s.unlink(t, "beta/b") },
		"release": func(s *story) market.Listing { return s.release(t, "beta/b") },
	} {
		t.Run(name, func(t *testing.T) {
			s := threeCoins(t)
			ada, bob := s.asset(t, "ada"), s.asset(t, "bob")
			before := []reading{s.read(t, "ada", ada.ID), s.read(t, "bob", bob.ID)}
			require.Len(t, before[1].BySlug, 2)
			l := s.link(t, "beta/b", "ada")
			require.Equal(t, market.Match{Method: market.MatchPinned, Confidence: 1, Reason: "a person said that it is the same as alpha/a"}, l.Match)
			require.True(t, l.Pinned)
			require.Equal(t, ada.ID, l.AssetID)
			s.requireWhole(t)
			requireMerged(t, s, ada.ID, bob.ID)
			l = undo(s)
			require.Equal(t, bob.ID, l.AssetID)
			require.Equal(t, market.MatchAlone, l.Match.Method)
			require.Equal(t, name == "unlink", l.Pinned)
			require.Equal(t, before, []reading{s.read(t, "ada", ada.ID), s.read(t, "bob", bob.ID)})
			s.requireWhole(t)
			require.Equal(t, []string{"beta/b 2>1 PINNED ann", "beta/b 1>2 ALONE ann"}, s.changes(t))
		})
	}
}

// requireMerged checks that the slug of the second asset leads to the first.
func requireMerged(t *testing.T, s *story, into, from int64) {
	t.Helper()
	merged := s.read(t, "bob", from)
	require.Equal(t, into, merged.Bare[0].MergedInto)
	require.Nil(t, merged.Bare[0].Consensus)
	require.Zero(t, merged.Listings)
	require.Equal(t, "ada", merged.Asset.Slug)
	require.EqualValues(t, 2, merged.Asset.Consensus.Sources)
	require.Equal(t, []market.Asset{merged.Asset}, merged.AssetsUnderSlug)
	require.Len(t, merged.BySlug, 4)
	require.EqualValues(t, 4, merged.Count)
	require.Equal(t, newest(t, s.Store, market.RecordFilter{Assets: []string{"ada"}}), merged.BySlug)
}

// A slug leads on over any number of merges, and each comes back as it was.
func TestAChainOfMerges(t *testing.T) {
	s := threeCoins(t)
	before := s.homes(t)
	require.Equal(t, s.asset(t, "bob").ID, s.link(t, "gamma/c", "bob").AssetID)
	require.Equal(t, s.asset(t, "bob").ID, s.link(t, "alpha/a", "cid").AssetID)
	for _, slug := range []string{"ada", "bob", "cid"} {
		require.Equal(t, s.asset(t, "ada"), s.asset(t, slug))
		require.Len(t, newest(t, s.Store, market.RecordFilter{Assets: []string{slug}}), 6)
	}
	s.requireWhole(t)
	s.release(t, "alpha/a")
	require.Equal(t, s.asset(t, "bob"), s.asset(t, "cid"))
	s.release(t, "gamma/c")
	require.Equal(t, before, s.homes(t))
	s.requireWhole(t)
}

// Who was linked to a listing stays behind when that goes on to another asset, and is itself again.
func TestMovingAListingThatOthersWereLinkedTo(t *testing.T) {
	s := threeCoins(t)
	before := s.homes(t)
	s.link(t, "gamma/c", "bob")
	s.link(t, "beta/b", "ada")
	require.Equal(t, []string{
		"1 ada AAA Ada: alpha/a PINNED beta/b PINNED", "3 cid CCC Cid: gamma/c ALONE",
	}, s.homes(t))
	require.Equal(t, "ada", s.asset(t, "bob").Slug, "the slug goes with the listing that it was made for")
	s.requireWhole(t)
	s.release(t, "beta/b")
	s.release(t, "gamma/c")
	require.Equal(t, before, s.homes(t))
	s.requireWhole(t)
}

func TestLinkingToAFormerSlug(t *testing.T) {
	s := newStory(t)
	s.say(t, "csv", priced("AAA", "AAA", "", "10"))
	s.say(t, "alpha", priced("a", "AAA", "Ada", "10"))
	s.say(t, "beta", priced("b", "BBB", "Bob", "500"))
	require.Equal(t, "ada", s.asset(t, "aaa").Slug)
	s.link(t, "beta/b", "aaa")
	require.Equal(t, []string{"1 ada AAA Ada: alpha/a PINNED beta/b PINNED csv/AAA TICKER"}, s.homes(t))
	s.requireWhole(t)
}

func TestLinkingToWhereItIsChangesNothing(t *testing.T) {
	s := threeCoins(t)
	s.link(t, "beta/b", "ada")
	before, log := s.homes(t), s.changes(t)
	s.link(t, "beta/b", "bob") // which leads to ada
	require.Equal(t, before, s.homes(t))
	s.link(t, "gamma/c", "cid")
	s.release(t, "gamma/c")
	require.Equal(t, before, s.homes(t))
	require.Equal(t, log, s.changes(t))
	s.requireWhole(t)
}

// Whichever of two assets is older, the one that was named stays.
func TestTheAssetThatWasNamedStays(t *testing.T) {
	for listing, slug := range map[string]string{"alpha/a": "bob", "beta/b": "ada"} {
		s := threeCoins(t)
		named := s.asset(t, slug)
		linked := s.link(t, listing, slug)
		require.Equal(t, named.ID, linked.AssetID)
		require.Equal(t, slug, s.asset(t, slug).Slug)
		s.say(t, "gamma", priced("new", "NEW", "New", "4"))
		require.Equal(t, named.ID, s.asset(t, slug).ID, "a later run changes nothing")
	}
}
