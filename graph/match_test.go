package graph_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

const (
	link = `mutation ($source: String! = "coinpaprika", $id: String! = "id-Twin 0", $asset: String! = "twin-0") {
		linkListing(source: $source, externalId: $id, asset: $asset) { ...shown } } ` + shown
	unlink = `mutation ($source: String! = "coinpaprika", $id: String! = "id-Twin 0") {
		unlinkListing(source: $source, externalId: $id) { ...shown } } ` + shown
	release = `mutation ($source: String! = "coinpaprika", $id: String! = "id-Twin 0") {
		releaseListing(source: $source, externalId: $id) { ...shown } } ` + shown
	shown = `fragment shown on Listing { source { name } externalId asset { slug } pinned matchMethod matchReason }`
)

// twins stores so many coins of one symbol and name in both APIs whose prices are far apart: whether
// they are one asset is for a person to decide, who says so of the first few. As many kin have the
// same name, other symbols, and prices of other days. Twins of coingecko alone have a market cap and a
// change within a day, which several of them share.
func (w *world) twins(t testing.TB, number, linked int) {
	t.Helper()
	var gecko, paprika market.Batch
	for i := range number {
		twin, kin := fmt.Sprintf("Twin %d", i), fmt.Sprintf("Kin %d", i)
		ranked := observe(twin, fmt.Sprintf("TW%d", i), fmt.Sprint(3+i), noon)
		ranked.MarketCapUSD = decimal.NewNullDecimal(decimal.NewFromInt(int64(i / 2)))
		ranked.PercentChange24h = decimal.NewNullDecimal(decimal.NewFromInt(int64(i%3 - 1)))
		gecko.Observations = append(gecko.Observations, ranked, observe(kin, fmt.Sprintf("K%dAB", i), "5", noon))
		paprika.Observations = append(paprika.Observations, observe(twin, fmt.Sprintf("TW%d", i), "1000", noon),
			observe(kin, fmt.Sprintf("K%dYZ", i), "5", noon.AddDate(0, 0, -3)))
	}
	w.run(t, "coingecko", gecko, succeeded)
	w.run(t, "coinpaprika", paprika, succeeded)
	for i := range linked {
		key := market.ListingKey{Source: "coinpaprika", ExternalID: fmt.Sprintf("id-Twin %d", i)}
		_, err := w.store.LinkListing(t.Context(), key, fmt.Sprintf("twin-%d", i), "administrator")
		require.NoError(t, err)
	}
}

func TestCandidatesAreShownBestFirst(t *testing.T) {
	w := newWorld(t)
	w.twins(t, 2, 0)
	const query = `query ($f: MatchCandidateFilter) { matchCandidates(filter: $f) { totalCount nodes { method score reason
		listing { source { name } externalId symbol asset { slug } } other { source { name } externalId symbol asset { slug } } } } }`
	found := dig(t, w.data(t, query), "matchCandidates")
	require.EqualValues(t, 4, dig(t, found, "totalCount"))
	nodes := dig(t, found, "nodes").([]any)
	require.Len(t, nodes, 4)
	least := 1.0
	for _, node := range nodes {
		score := dig(t, node, "score").(float64)
		require.LessOrEqual(t, score, least)
		least = score
		require.NotEmpty(t, dig(t, node, "reason"))
		require.Equal(t, "coingecko", dig(t, node, "listing", "source", "name"))
		require.Equal(t, "coinpaprika", dig(t, node, "other", "source", "name"))
		require.Equal(t, dig(t, node, "listing", "externalId"), dig(t, node, "other", "externalId"))
		require.NotEqual(t, dig(t, node, "listing", "asset", "slug"), dig(t, node, "other", "asset", "slug"))
	}
	require.Equal(t, "NAME_AND_PRICE", dig(t, nodes, 0, "method"))
	require.Equal(t, "SYMBOL_AND_NAME", dig(t, nodes, 3, "method"))
	best := dig(t, nodes, 0, "score")
	for name, c := range map[string]struct {
		filter map[string]any
		total  int
	}{
		"nulls":        {map[string]any{"source": nil, "asset": nil, "minScore": nil}, 4},
		"a source":     {map[string]any{"source": []string{"coinpaprika"}}, 4},
		"another":      {map[string]any{"source": []string{"csv"}}, 0},
		"either asset": {map[string]any{"asset": []string{"twin-1", "kin-0"}}, 2},
		"no asset":     {map[string]any{"asset": []string{}}, 0},
		"every score":  {map[string]any{"minScore": 0}, 4},
		"a score":      {map[string]any{"minScore": best}, 2},
		"the highest":  {map[string]any{"minScore": 1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			list := dig(t, w.data(t, query, "f", c.filter), "matchCandidates")
			require.EqualValues(t, c.total, dig(t, list, "totalCount"))
			require.Len(t, dig(t, list, "nodes"), c.total)
		})
	}
}

func TestAPersonLinksUnlinksAndReleasesAListing(t *testing.T) {
	w := newWorld(t)
	w.twins(t, 1, 0)
	w.scope = market.ScopeAdmin
	of := func(mutation, field string) map[string]any {
		t.Helper()
		return dig(t, w.data(t, mutation), field).(map[string]any)
	}
	before := dig(t, w.data(t, `{ matchCandidates(filter: {asset: ["twin-0"]}) { nodes { other { asset { id slug } } } } }`),
		"matchCandidates", "nodes", 0, "other", "asset").(map[string]any)

	linked := of(link, "linkListing")
	require.NotEmpty(t, linked["matchReason"])
	delete(linked, "matchReason")
	require.Equal(t, map[string]any{"source": map[string]any{"name": "coinpaprika"}, "externalId": "id-Twin 0",
		"asset": map[string]any{"slug": "twin-0"}, "pinned": true, "matchMethod": "PINNED"}, linked)
	after := w.data(t, `query ($slug: String!) { asset(slug: "twin-0") { id listings { id } } former: asset(slug: $slug) { slug }
		matchCandidates(filter: {asset: ["twin-0"]}) { totalCount } records(filter: {asset: [$slug]}) { totalCount } }`, "slug", before["slug"])
	require.EqualValues(t, 2, dig(t, after, "records", "totalCount"))
	require.Len(t, dig(t, after, "asset", "listings"), 2)
	require.Equal(t, "twin-0", dig(t, after, "former", "slug"), "an asset that was merged away leads to what became of it")
	require.Zero(t, dig(t, after, "matchCandidates", "totalCount"))

	apart := of(unlink, "unlinkListing")
	require.Equal(t, true, apart["pinned"])
	require.NotEqual(t, "twin-0", dig(t, apart, "asset", "slug"))
	require.Zero(t, dig(t, w.data(t, `{ matchCandidates(filter: {asset: ["twin-0"]}) { totalCount } }`), "matchCandidates", "totalCount"))

	released := of(release, "releaseListing")
	require.Equal(t, false, released["pinned"])
	require.NotEqual(t, "PINNED", released["matchMethod"])
}

func TestChangesOfMatchAreShownNewestFirst(t *testing.T) {
	w := newWorld(t)
	w.twins(t, 2, 2)
	const query = `query ($f: MatchChangeFilter) { matchChanges(filter: $f) { totalCount nodes { id changedAt method confidence reason by
		listing { externalId asset { slug } } from { slug listings { id } } to { slug listings { externalId } } } } }`
	found := dig(t, w.data(t, query), "matchChanges")
	require.EqualValues(t, 2, dig(t, found, "totalCount"))
	for i, twin := range []string{"1", "0"} {
		change := dig(t, found, "nodes", i).(map[string]any)
		at, err := time.Parse(time.RFC3339Nano, change["changedAt"].(string))
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), at, time.Hour)
		require.Equal(t, "PINNED", change["method"])
		require.EqualValues(t, 1, change["confidence"])
		require.NotEmpty(t, change["reason"])
		require.Equal(t, "administrator", change["by"])
		require.Equal(t, "id-Twin "+twin, dig(t, change, "listing", "externalId"))
		require.Equal(t, "twin-"+twin, dig(t, change, "listing", "asset", "slug"))
		require.Equal(t, "twin-"+twin, dig(t, change, "to", "slug"))
		require.Len(t, dig(t, change, "to", "listings"), 2)
		require.NotEqual(t, "twin-"+twin, dig(t, change, "from", "slug"), "under its own slug, though merged away")
		require.Empty(t, dig(t, change, "from", "listings"))
	}
	for name, c := range map[string]struct {
		filter map[string]any
		total  int
	}{
		"nulls":         {map[string]any{"source": nil, "asset": nil}, 2},
		"its source":    {map[string]any{"source": []string{"coinpaprika", "csv"}}, 2},
		"another":       {map[string]any{"source": []string{"coingecko"}}, 0},
		"where it went": {map[string]any{"asset": []string{"twin-1"}}, 1},
		"where it was":  {map[string]any{"asset": []any{dig(t, found, "nodes", 1, "from", "slug")}}, 1},
		"no asset":      {map[string]any{"asset": []string{}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			list := dig(t, w.data(t, query, "f", c.filter), "matchChanges")
			require.EqualValues(t, c.total, dig(t, list, "totalCount"))
			require.Len(t, dig(t, list, "nodes"), c.total)
		})
	}
}
