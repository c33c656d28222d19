package postgres

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/kasparro/kasparro/internal/market"
)

// assetOrder is an order of assets as an index has it, behind the sources of the asset.
type assetOrder struct {
	table      string // whose index it is: a for assets, c for their consensus
	column     string
	descending bool
}

var assetOrders = map[market.AssetOrder]assetOrder{
	market.AssetsByRank:      {"a", "coalesce(a.rank, 2147483647)", false},
	market.AssetsByName:      {"a", `a.name COLLATE "C"`, false},
	market.AssetsByPrice:     {"c", "coalesce(c.price_usd, '-Infinity')", true},
	market.AssetsByMarketCap: {"c", "coalesce(c.market_cap_usd, '-Infinity')", true},
	market.AssetsByGain:      {"c", "coalesce(c.percent_change_24h, '-Infinity')", true},
	market.AssetsByLoss:      {"c", "coalesce(c.percent_change_24h, 'Infinity')", false},
	market.AssetsBySpread:    {"c", "coalesce(c.spread_percent, '-Infinity')", true},
}

// place is the value of a key in the column of its order.
func place(o market.AssetOrder, k market.AssetKey) any {
	switch {
	case o == market.AssetsByName:
		return text(k.Name)
	case o == market.AssetsByRank && k.Rank == nil:
		return math.MaxInt32
	case o == market.AssetsByRank:
		return *k.Rank
	case k.Figure != nil:
		return bun.Safe(k.Figure.String())
	case o == market.AssetsByLoss:
		return bun.Safe("'Infinity'::numeric")
	}
	return bun.Safe("'-Infinity'::numeric")
}

// Assets implements market.Reader. Every index leads with the sources of the asset, so a scan for each set
// of sources that the filter lets through reads what it returns and no more; the scans are then merged.
func (s *Store) Assets(ctx context.Context, f market.AssetFilter, o market.AssetOrder, w market.Window[market.AssetKey]) (market.Page[market.Asset], error) {
	sets, err := s.sourceSets(ctx, f)
	if err != nil {
		return market.Page[market.Asset]{}, fmt.Errorf("read assets: %w", unavailable(err))
	}
	var assets []market.Asset
	if len(sets) > 0 {
		q := assetPage(f, o, w, sets)
		if assets, err = s.queryAssets(ctx, q.String(), q.args...); err != nil {
			return market.Page[market.Asset]{}, fmt.Errorf("read assets: %w", unavailable(err))
		}
	}
	return trim(assets, w.Size, w.Backward), nil
}

// assetPage reads a window, one row more than its size, in the direction of travel.
func assetPage(f market.AssetFilter, o market.AssetOrder, w market.Window[market.AssetKey], sets [][]int16) (q sqlText) {
	order := assetOrders[o]
	direction := "ASC"
	if order.descending != w.Backward {
		direction = "DESC"
	}
	q.add("SELECT " + assetColumns + " FROM (SELECT * FROM (")
	for i, set := range sets {
		if i > 0 {
			q.add(" UNION ALL ")
		}
		q.add("(")
		scanAssets(&q, f, o, set)
		boundAssets(&q, o, w)
		q.add(fmt.Sprintf(" ORDER BY %s %s, id %s LIMIT %d)", order.column, direction, direction, w.Skip+w.Size+1))
	}
	q.add(fmt.Sprintf(") merged ORDER BY place %[1]s, id %[1]s OFFSET %[2]d LIMIT %[3]d) m", direction, w.Skip, w.Size+1))
	q.add(fmt.Sprintf(" JOIN assets a ON a.id = m.id LEFT JOIN consensus c ON c.asset_id = m.id ORDER BY m.place %[1]s, m.id %[1]s", direction))
	return q
}

// scanAssets reads the assets of one set of sources from the table that the order goes by, and from the
// other only what the filter asks of it.
func scanAssets(q *sqlText, f market.AssetFilter, o market.AssetOrder, set []int16) {
	order := assetOrders[o]
	if order.table == "a" {
		q.add("SELECT a.id, " + order.column + " AS place FROM assets a")
		if f.MinSpreadPercent != nil {
			q.add(" JOIN consensus c ON c.asset_id = a.id")
		}
	} else {
		q.add("SELECT c.asset_id AS id, " + order.column + " AS place FROM consensus c")
		if f.Slugs != nil || f.Symbols != nil || f.Name != "" {
			q.add(" JOIN assets a ON a.id = c.asset_id")
		}
	}
	q.add(" WHERE "+order.table+".sources = ?::smallint[]", pgdialect.Array(set))
	narrowAssets(q, f)
}

// narrowAssets adds what a filter asks beside the sources.
func narrowAssets(q *sqlText, f market.AssetFilter) {
	if f.Slugs != nil {
		q.add(" AND a.id IN (")
		q.add(strings.ReplaceAll(livingAssets, "?0", "?"), texts(f.Slugs), texts(f.Slugs))
		q.add(")")
	}
	if f.Symbols != nil {
		q.add(" AND a.symbol IN (?)", texts(upper(f.Symbols)))
	}
	if f.Name != "" {
		q.add(" AND a.name ILIKE ?", "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text(f.Name))+"%")
	}
	if f.MinSpreadPercent != nil {
		q.add(" AND coalesce(c.spread_percent, '-Infinity') >= ?", bun.Safe(f.MinSpreadPercent.String()))
	}
}

// boundAssets narrows a scan to what lies between the window's ends.
func boundAssets(q *sqlText, o market.AssetOrder, w market.Window[market.AssetKey]) {
	order := assetOrders[o]
	id := map[string]string{"a": "a.id", "c": "c.asset_id"}[order.table]
	after, before := ">", "<"
	if order.descending {
		after, before = "<", ">"
	}
	for _, end := range []struct {
		is  string
		key *market.AssetKey
	}{{after, w.After}, {before, w.Before}} {
		if end.key != nil {
			q.add(fmt.Sprintf(" AND (%s, %s) %s (?, ?)", order.column, id, end.is), place(o, *end.key), end.key.ID)
		}
	}
}

// sourceSets returns the sets of sources that any assets have and the filter lets through. They are
// found by stepping through an index, a row for each.
func (s *Store) sourceSets(ctx context.Context, f market.AssetFilter) ([][]int16, error) {
	var rows []struct {
		Sources []int16 `bun:",array"`
	}
	err := s.db.NewRaw(`WITH RECURSIVE step AS (
			(SELECT sources FROM assets WHERE sources > '{}' ORDER BY sources LIMIT 1)
			UNION ALL SELECT (SELECT a.sources FROM assets a WHERE a.sources > step.sources ORDER BY a.sources LIMIT 1)
			FROM step WHERE step.sources IS NOT NULL)
		SELECT sources FROM step WHERE sources IS NOT NULL`).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	var wanted []int16
	if f.Sources != nil {
		if wanted, err = s.sourceIDs(ctx, f.Sources); err != nil {
			return nil, err
		}
	}
	var sets [][]int16
	for _, row := range rows {
		has := f.Sources == nil || slices.ContainsFunc(row.Sources, func(id int16) bool { return slices.Contains(wanted, id) })
		if has && int64(len(row.Sources)) >= f.MinSources {
			sets = append(sets, row.Sources)
		}
	}
	return sets, nil
}
