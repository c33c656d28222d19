package postgres_test

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// The assets of the tests below: so many, in so many sets of sources.
const (
	explainedAssets = 6000
	explainedSets   = 5
)

// assetIndexes are those that the orders are read from.
var assetIndexes = map[market.AssetOrder]struct{ table, index string }{
	market.AssetsByRank:      {"assets", "assets_rank_idx"},
	market.AssetsByName:      {"assets", "assets_name_idx"},
	market.AssetsByPrice:     {"consensus", "consensus_price_idx"},
	market.AssetsByMarketCap: {"consensus", "consensus_market_cap_idx"},
	market.AssetsByGain:      {"consensus", "consensus_gain_idx"},
	market.AssetsByLoss:      {"consensus", "consensus_loss_idx"},
	market.AssetsBySpread:    {"consensus", "consensus_spread_idx"},
}

// explained is a store of many assets, whose last statement is kept.
func explained(t *testing.T) (*postgres.Store, *bun.DB, *lastQuery) {
	t.Helper()
	db := postgrestest.New(t)
	query := &lastQuery{}
	s := postgres.New(db.WithQueryHook(query), nil)
	for _, source := range seedSources[:3] {
		require.NoError(t, s.RegisterSources(t.Context(), market.Source{Name: source, Kind: market.KindAPI}))
	}
	_, err := db.ExecContext(t.Context(), `
		INSERT INTO assets (slug, symbol, name, rank, sources)
			SELECT 'coin-' || n, 'S' || n % 2000, 'Coin ' || md5(n::text), nullif(n % 500, 0),
				(ARRAY['{1}', '{1,2}', '{1,2,3}', '{2}', '{3}'])[n % ?1 + 1]::smallint[]
			FROM generate_series(1, ?0) n;
		INSERT INTO assets (slug, symbol, name, merged_into)
			SELECT 'merged-' || n, 'M', 'Merged ' || n, id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM assets) a WHERE n <= 300;
		INSERT INTO consensus (asset_id, sources, price_usd, spread_percent, market_cap_usd, percent_change_24h, price_sources, observed_at)
			SELECT id, sources, id % 700, id % 90, nullif(id % 300, 0) * 1000, nullif(id % 41, 0) - 20, 1, now()
			FROM assets WHERE merged_into IS NULL;
		UPDATE consensus SET price_usd = NULL, spread_percent = NULL, observed_at = NULL WHERE asset_id % 10 = 0;
		UPDATE assets SET name = 'Xylophone' WHERE id % 2000 = 7`, explainedAssets, explainedSets)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "VACUUM ANALYZE")
	require.NoError(t, err)
	return s, db, query
}

// requireWalk checks that the plan reads the order's table through the order's index, no more than it
// returns but for a row or two that each scan looks ahead, and the rest by key, a row for each it returns.
func requireWalk(t *testing.T, plan planNode, order market.AssetOrder, needed int) {
	t.Helper()
	walks, read := 0, 0.0
	for _, table := range []string{"assets", "consensus"} {
		for _, n := range plan.scans(table) {
			require.True(t, strings.HasPrefix(n.Type, "Index"), "%+v", n)
			require.Zero(t, n.Removed, "rows were read and thrown away: %+v", n)
			if n.Index == assetIndexes[order].index {
				walks++
				read += n.Rows * n.Loops
				continue
			}
			require.Equal(t, table+"_pkey", n.Index)
			require.LessOrEqual(t, int(n.Loops), needed)
		}
	}
	require.Positive(t, walks)
	require.LessOrEqual(t, walks, explainedSets)
	require.LessOrEqual(t, int(read), needed+2*walks)
}

// A page of assets costs what it returns, in every order, wherever it begins.
func TestPagesOfAssetsAreReadFromIndexes(t *testing.T) {
	s, db, query := explained(t)
	const size = 50
	half := decimal.NewFromInt(40)
	for name, c := range map[string]struct {
		f      market.AssetFilter
		orders []market.AssetOrder
	}{
		"all":             {market.AssetFilter{}, assetOrders},
		"of a source":     {market.AssetFilter{Sources: seedSources[:1]}, assetOrders},
		"of two sources":  {market.AssetFilter{Sources: seedSources[1:3]}, assetOrders},
		"by two or more":  {market.AssetFilter{MinSources: 2}, assetOrders},
		"by three":        {market.AssetFilter{MinSources: 3, Sources: seedSources[2:3]}, assetOrders},
		"that are spread": {market.AssetFilter{MinSpreadPercent: &half}, []market.AssetOrder{market.AssetsBySpread}},
	} {
		for _, order := range c.orders {
			t.Run(name+" "+string(order), func(t *testing.T) {
				var middle market.AssetKey
				for _, w := range []market.Window[market.AssetKey]{{}, {After: &middle}, {Before: &middle, Backward: true}} {
					w.Size = size
					page, err := s.Assets(t.Context(), c.f, order, w)
					require.NoError(t, err)
					require.Len(t, page.Items, size)
					requireWalk(t, explain(t, db, query.text), order, size+1)
					if w.After == nil && !w.Backward {
						skipped, err := s.Assets(t.Context(), c.f, order, market.Window[market.AssetKey]{Size: 1, Skip: 300})
						require.NoError(t, err)
						middle = order.Key(skipped.Items[0])
					}
				}
			})
		}
	}
}

// What few assets match is read from the index that finds them, and nothing else is.
func TestFewAssetsAreFoundByIndexes(t *testing.T) {
	s, db, query := explained(t)
	for name, c := range map[string]struct {
		f     market.AssetFilter
		want  int
		index string
	}{
		"slugs":        {market.AssetFilter{Slugs: []string{"coin-77", "coin-4711", "merged-3", "nothing"}}, 3, "assets_pkey"},
		"symbols":      {market.AssetFilter{Symbols: []string{"s17", "S1801"}}, 6, "assets_symbol_idx"},
		"a rare name":  {market.AssetFilter{Name: "ylophon"}, 3, "assets_name_part_idx"},
		"of a source":  {market.AssetFilter{Sources: seedSources[:1], Name: "YLOPHON"}, 3, "assets_name_part_idx"},
		"by so many":   {market.AssetFilter{MinSources: 2, Symbols: []string{"s17", "S1801"}}, 6, "assets_symbol_idx"},
		"slug, symbol": {market.AssetFilter{Slugs: []string{"coin-77"}, Symbols: []string{"S77"}}, 1, ""},
	} {
		for _, order := range assetOrders {
			t.Run(name+" "+string(order), func(t *testing.T) {
				page, err := s.Assets(t.Context(), c.f, order, market.Window[market.AssetKey]{Size: 50})
				require.NoError(t, err)
				require.Len(t, page.Items, c.want)
				requireFound(t, explain(t, db, query.text), c.index, c.want)
				n, err := s.CountAssets(t.Context(), c.f)
				require.NoError(t, err)
				require.EqualValues(t, c.want, n)
				requireFound(t, explain(t, db, query.text), c.index, c.want)
			})
		}
	}
}

// requireFound checks that no table of assets is read whole, and that every scan for a set of sources reads
// no more than what matches in any set.
func requireFound(t *testing.T, plan planNode, index string, matches int) {
	t.Helper()
	used := false
	for _, table := range []string{"assets", "consensus"} {
		for _, n := range plan.scans(table) {
			require.NotEqual(t, "Seq Scan", n.Type)
			require.LessOrEqual(t, int((n.Rows+n.Removed)*n.Loops), explainedSets*matches+2, "%+v", n)
		}
	}
	plan.each(func(n planNode) { used = used || index == "" || n.Index == index })
	require.True(t, used, "nothing was read from %s", index)
}

func (n planNode) each(do func(planNode)) {
	do(n)
	for _, p := range n.Plans {
		p.each(do)
	}
}
