package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// A database of the first release, with all that it holds, is brought up to date: records find their
// payloads from both sides, and a source goes on where it was left.
func TestMigrationsCarryDataOver(t *testing.T) {
	db := postgrestest.Open(t, postgrestest.EmptyURL(t))
	up(t, db, migrationNames...)
	s := newStoreOn(db)
	run := start(t, s, "coingecko")
	commit(t, s, run, observe("bitcoin", noon, "1"), observe("ether", noon, "2"))
	commit(t, s, run, observe("bitcoin", noon, "1.5"), observe("bitcoin", noon.Add(time.Hour), "3"))
	finish(t, s, run)
	dead := start(t, s, "coingecko")
	before := newest(t, s, market.RecordFilter{})
	down(t, db, migrationNames[3:]...)

	up(t, db, migrationNames[3:]...)
	require.Equal(t, before, newest(t, s, market.RecordFilter{}))
	var agree, replaced int
	require.NoError(t, db.NewRaw(`SELECT
		(SELECT count(*) FROM records r JOIN listings l ON l.id = r.listing_id
			JOIN raw_records w ON w.id = r.raw_id AND w.external_id = l.external_id AND w.observed_at = r.observed_at),
		(SELECT count(*) FROM raw_records WHERE observed_at IS NULL)`).Scan(t.Context(), &agree, &replaced))
	require.Equal(t, len(before), agree)
	require.Equal(t, 1, replaced)
	silence(t, db, dead, 4*postgres.Beat)
	next := start(t, s, "coingecko")
	require.JSONEq(t, `{"page":2}`, string(next.CursorBefore))
	requireFenced(t, s, dead)
	finish(t, s, next)
	requireTotals(t, s, db)
}

// A database of before identities gets what lists of assets go by, and gives it back: assets that were merged
// go, with what people said, and every listing keeps one that lives.
func TestTheMigrationOfIdentitiesCarriesDataOver(t *testing.T) {
	db := postgrestest.Open(t, postgrestest.EmptyURL(t))
	up(t, db, migrationNames...)
	s := newStoryOn(db)
	s.say(t, "alpha", priced("a", "AAA", "Ada", "10"), priced("x", "XXX", "Xen", "700"))
	s.say(t, "beta", priced("b", "BBB", "Bob", "500"), priced("x", "XXX", "Xen", "701"))
	s.say(t, "csv", priced("XXX", "XXX", "", "699"), priced("DDD", "DDD", "", "3"))
	before, plain := s.homes(t), listOf(t, s)
	s.link(t, "beta/b", "ada")
	s.release(t, "beta/b")
	require.Equal(t, before, s.homes(t))
	down(t, db, migrationNames[7:]...)
	up(t, db, migrationNames[7:]...)
	require.Equal(t, before, s.homes(t))
	requireCarried(t, s)
	s.say(t, "alpha", priced("new", "NEW", "New", "4")) // resolves again, and stands everything
	require.Subset(t, s.homes(t), before)
	require.Subset(t, listOf(t, s), plain)
	s.requireWhole(t)

	s.link(t, "beta/b", "ada")
	down(t, db, migrationNames[7:]...)
	var left, strange int
	require.NoError(t, db.NewRaw("SELECT count(*) FROM assets").Scan(t.Context(), &left))
	require.Equal(t, len(before), left, "that of bob went, that of new came")
	require.NoError(t, db.NewRaw(`SELECT count(*) FROM listings WHERE pinned OR match_method NOT IN
		('SYMBOL_AND_NAME', 'TICKER', 'NAME', 'ALONE')`).Scan(t.Context(), &strange))
	require.Zero(t, strange)
	up(t, db, migrationNames[7:]...)
	requireCarried(t, s)
	require.Len(t, s.homes(t), left)
}

// listOf is all that a list of assets shows, in the order of their prices.
func listOf(t *testing.T, s *story) []market.Asset {
	t.Helper()
	page, err := s.Assets(t.Context(), market.AssetFilter{}, market.AssetsByPrice, market.Window[market.AssetKey]{Size: 50})
	require.NoError(t, err)
	require.False(t, page.More)
	return page.Items
}

// requireCarried checks what the migration made: the home of the first listing of each asset and no other,
// how assets stand but for the figures, which the next run brings, and their sources.
func requireCarried(t *testing.T, s *story) {
	t.Helper()
	s.requireWhole(t)
	var homes, assets, strayed, figures int
	require.NoError(t, s.db.NewRaw(`SELECT (SELECT count(*) FROM assets), (SELECT count(home_asset_id) FROM listings),
			(SELECT count(*) FROM listings l WHERE home_asset_id IS DISTINCT FROM CASE
				WHEN id = (SELECT min(id) FROM listings o WHERE o.asset_id = l.asset_id) THEN asset_id END),
			(SELECT count(price_usd) + sum(price_sources) FROM consensus)`).Scan(t.Context(), &assets, &homes, &strayed, &figures))
	require.Equal(t, assets, homes)
	require.Zero(t, strayed)
	require.Zero(t, figures)
}
