package postgres_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// story is a store that is told what sources say, a run and a minute after the other.
type story struct {
	*postgres.Store
	db     *bun.DB
	minute int
}

func newStory(t *testing.T) *story { return newStoryOn(postgrestest.New(t)) }

func newStoryOn(db *bun.DB) *story {
	s := &story{Store: postgres.New(db, identity.Resolve), db: db}
	s.ConsensusAge = anyAge
	return s
}

// priced is a coin at a price; its market cap is a million times that.
func priced(id, symbol, name, price string) market.Observation {
	o := observe(id, noon, price)
	o.Symbol, o.Name = symbol, name
	o.MarketCapUSD = decimal.NewNullDecimal(o.PriceUSD.Shift(6))
	return o
}

// say has a source tell of coins in a run of its own.
func (s *story) say(t *testing.T, source string, coins ...market.Observation) market.Run {
	t.Helper()
	run := start(t, s.Store, source)
	s.minute++
	for i := range coins {
		coins[i].ObservedAt = noon.Add(time.Duration(s.minute) * time.Minute)
	}
	commit(t, s.Store, run, coins...)
	return finish(t, s.Store, run)
}

// keyText is the key of a listing that is written as source/id.
func keyText(text string) market.ListingKey {
	source, id, _ := strings.Cut(text, "/")
	return market.ListingKey{Source: source, ExternalID: id}
}

// link, unlink and release are those of the store, of listings written as source/id, by a person named ann.
func (s *story) link(t *testing.T, listing, slug string) market.Listing {
	t.Helper()
	l, err := s.LinkListing(t.Context(), keyText(listing), slug, "ann")
	require.NoError(t, err)
	return l
}

func (s *story) unlink(t *testing.T, listing string) market.Listing {
	t.Helper()
	l, err := s.UnlinkListing(t.Context(), keyText(listing), "ann")
	require.NoError(t, err)
	return l
}

func (s *story) release(t *testing.T, listing string) market.Listing {
	t.Helper()
	l, err := s.ReleaseListing(t.Context(), keyText(listing), "ann")
	require.NoError(t, err)
	return l
}

// releaseIfSaid releases a listing if something was said of it itself.
func (s *story) releaseIfSaid(t *testing.T, listing string) {
	t.Helper()
	_, err := s.ReleaseListing(t.Context(), keyText(listing), "ann")
	require.NoError(t, refusedOrNil(err))
}

func (s *story) asset(t *testing.T, slug string) market.Asset {
	t.Helper()
	a, err := s.AssetBySlug(t.Context(), slug)
	require.NoError(t, err)
	return a
}

// homes lists each living asset as "id slug SYMBOL name: source/id METHOD, ...", by name.
func (s *story) homes(t *testing.T) []string {
	t.Helper()
	lines := catalogue(t, s.Store)
	for i, line := range lines {
		var slug string
		_, err := fmt.Sscan(line, &slug)
		require.NoError(t, err)
		lines[i] = fmt.Sprint(s.asset(t, slug).ID, " ", line)
	}
	return lines
}

// changes lists all changes of mind, the oldest first, as "source/id from>to METHOD by".
func (s *story) changes(t *testing.T) []string {
	t.Helper()
	page, err := s.MatchChanges(t.Context(), market.ChangeFilter{}, market.Window[int64]{Size: 500})
	require.NoError(t, err)
	lines := make([]string, len(page.Items))
	for i, c := range page.Items {
		listings, err := s.ListingsByID(t.Context(), []int64{c.ListingID})
		require.NoError(t, err)
		require.Len(t, listings, 1)
		require.WithinDuration(t, time.Now(), c.ChangedAt, time.Hour)
		require.NotEmpty(t, c.Match.Reason)
		lines[len(lines)-1-i] = fmt.Sprintf("%s %d>%d %s %s", listings[0].Key(), c.FromID, c.ToID, c.Match.Method, c.By)
	}
	return lines
}

// requireWhole checks what always holds: every living asset has a listing and what its sources are, every
// listing a living asset and an asset of its own or none, and no asset has two listings of a source.
func (s *story) requireWhole(t *testing.T) {
	t.Helper()
	for what, query := range map[string]string{
		"assets without listings": `SELECT count(*) FROM assets a WHERE (merged_into IS NULL)
			<> EXISTS (SELECT FROM listings l WHERE l.asset_id = a.id)`,
		"assets that lead nowhere": `SELECT count(*) FROM assets WHERE merged_into = id`,
		"assets that lead away from the listing that they were made for": `SELECT count(*) FROM assets a
			JOIN listings l ON l.home_asset_id = a.id AND l.match_method NOT IN ('TICKER', 'NAME') WHERE merged_into <> l.asset_id`,
		"twins":        `SELECT count(*) FROM (SELECT FROM listings GROUP BY asset_id, source_id HAVING count(*) > 1) twins`,
		"shared homes": `SELECT count(*) FROM (SELECT FROM listings WHERE home_asset_id IS NOT NULL GROUP BY home_asset_id HAVING count(*) > 1) shared`,
		"wrong sources": `SELECT count(*) FROM assets a WHERE sources <> ARRAY(SELECT DISTINCT source_id FROM listings l
			WHERE l.asset_id = a.id ORDER BY source_id)`,
		"assets that do not stand": `SELECT count(*) FROM assets a FULL JOIN consensus c ON c.asset_id = a.id
			WHERE (a.merged_into IS NULL) <> (c.asset_id IS NOT NULL) OR c.sources <> a.sources`,
	} {
		var wrong int
		require.NoError(t, s.db.NewRaw(query).Scan(t.Context(), &wrong))
		require.Zero(t, wrong, what)
	}
	var slugs []string
	require.NoError(t, s.db.NewRaw("SELECT slug FROM assets UNION ALL SELECT slug FROM former_slugs").Scan(t.Context(), &slugs))
	for _, slug := range slugs {
		require.Zero(t, s.asset(t, slug).MergedInto, slug)
	}
}
