package postgres_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// sixCoins have nothing in common; two sources list two of them.
func sixCoins(t *testing.T) (s *story, listings []string) {
	t.Helper()
	s = newStory(t)
	s.say(t, "alpha", priced("a", "AAA", "Ada", "10"), priced("x", "XXX", "Xen", "700"))
	s.say(t, "beta", priced("b", "BBB", "Bob", "500"))
	s.say(t, "gamma", priced("c", "CCC", "Cid", "0.07"))
	s.say(t, "delta", priced("d", "DDD", "Dan", "33"), priced("y", "YYY", "Yam", "2500"))
	return s, []string{"alpha/a", "alpha/x", "beta/b", "gamma/c", "delta/d", "delta/y"}
}

// Whatever is linked and unlinked, in whatever order: as soon as all of it has been taken back, every listing
// has its asset again, under the id and the slug that it had.
func TestWhateverWasSaidCanBeTakenBack(t *testing.T) {
	s, listings := sixCoins(t)
	before := s.homes(t)
	slugs := []string{"ada", "bob", "cid", "dan", "xen", "yam"}
	random := rand.New(rand.NewPCG(7, 11))
	for round := range 10 {
		var said []string
		for range 3 + random.IntN(6) {
			listing := listings[random.IntN(len(listings))]
			key, slug := keyText(listing), slugs[random.IntN(len(slugs))]
			var err error
			switch n := random.IntN(10); {
			case n < 6:
				said = append(said, "link "+listing+" to "+slug)
				_, err = s.LinkListing(t.Context(), key, slug, "ann")
			case n < 8:
				said = append(said, "unlink "+listing)
				_, err = s.UnlinkListing(t.Context(), key, "ann")
			default:
				said = append(said, "release "+listing)
				_, err = s.ReleaseListing(t.Context(), key, "ann")
			}
			var refused *market.InputError
			require.True(t, err == nil || errors.As(err, &refused), "%v", err)
			s.requireWhole(t)
		}
		random.Shuffle(len(listings), func(i, j int) { listings[i], listings[j] = listings[j], listings[i] })
		for _, listing := range listings {
			s.releaseIfSaid(t, listing)
		}
		require.Equal(t, before, s.homes(t), fmt.Sprint(round, said, "taken back as ", listings))
		s.requireWhole(t)
	}
	for _, slug := range slugs {
		require.Equal(t, slug, s.asset(t, slug).Slug)
	}
}

// The slug of an asset that is left by the listing which it was made for goes with that, and not with the
// others that are left behind, however many.
func TestASlugGoesWithItsListing(t *testing.T) {
	s, _ := sixCoins(t)
	s.say(t, "epsilon", priced("e", "EEE", "Eve", "80"))
	before := s.homes(t)
	s.link(t, "epsilon/e", "dan")
	s.link(t, "gamma/c", "bob")
	s.link(t, "alpha/a", "cid")
	require.Equal(t, "bob", s.asset(t, "ada").Slug, "two outweigh one")
	require.Equal(t, "bob", s.asset(t, "cid").Slug)
	s.link(t, "beta/b", "eve")
	require.Equal(t, "dan", s.asset(t, "bob").Slug)
	require.Equal(t, "ada", s.asset(t, "cid").Slug, "who was linked to both of them stays with the other")
	s.requireWhole(t)
	for _, listing := range []string{"beta/b", "alpha/a", "gamma/c", "epsilon/e"} {
		s.releaseIfSaid(t, listing)
	}
	require.Equal(t, before, s.homes(t))
}

// A listing whose asset others have kept gets one for the time being, and leaves it when it is theirs again.
func TestAListingWhoseHomeIsTaken(t *testing.T) {
	s, _ := sixCoins(t)
	s.say(t, "delta", priced("q", "CCC", "Cid", "0.07"))
	cid := s.asset(t, "cid")
	s.link(t, "delta/y", "bob") // so that what delta tells of cid cannot come along
	s.link(t, "gamma/c", "bob")
	require.Equal(t, "cid", s.asset(t, "cid").Slug)
	s.say(t, "delta", priced("q", "QQQ", "Quq", "0.07"))
	l := s.unlink(t, "gamma/c")
	require.NotEqual(t, cid.ID, l.AssetID)
	require.Equal(t, l.AssetID, s.asset(t, "cid-ccc").ID)
	require.Equal(t, "Quq", s.asset(t, "cid").Name)
	s.requireWhole(t)
	s.say(t, "delta", priced("q", "CCC", "Cid", "0.07"))
	require.Equal(t, cid.ID, s.asset(t, "cid-ccc").ID)
	require.Equal(t, cid.ID, s.asset(t, "cid").ID)
	s.requireWhole(t)
}

// A guest may keep the asset of a listing that has gone, if it has nowhere else to go, and makes room for it when
// it comes back.
func TestAGuestMakesRoom(t *testing.T) {
	s, _ := sixCoins(t)
	s.say(t, "delta", priced("q", "CCC", "Cid", "0.07"))
	bob, cid := s.asset(t, "bob"), s.asset(t, "cid")
	s.link(t, "delta/y", "bob")
	s.link(t, "gamma/c", "bob")
	s.say(t, "delta", priced("q", "QQQ", "Quq", "0.07"))
	s.unlink(t, "delta/y")
	s.link(t, "beta/b", "ada")
	require.Equal(t, cid.ID, s.asset(t, "cid").ID, "which another listing has kept")
	guest := s.asset(t, "bob")
	require.Equal(t, "Cid", guest.Name)
	require.Equal(t, bob.ID, guest.ID)
	s.requireWhole(t)
	require.Equal(t, bob.ID, s.release(t, "beta/b").AssetID)
	require.Equal(t, "Bob", s.asset(t, "bob").Name)
	s.requireWhole(t)
}
