package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// lists are the root connections in every order, some of them narrowed.
var lists = []string{
	`assets(%s orderBy: RANK)`,
	`assets(%s orderBy: NAME)`,
	`assets(%s filter: {source: ["coingecko"]})`,
	`records(%s orderBy: OBSERVED_AT_DESC)`,
	`records(%s orderBy: OBSERVED_AT_ASC)`,
	`records(%s filter: {source: ["coinpaprika", "csv"]})`,
	`records(%s filter: {asset: ["coin-001", "coin-003"]})`,
	`etlRuns(%s)`,
	`etlRuns(%s filter: {source: ["csv", "coingecko"]})`,
	`rejections(%s)`,
	`rejections(%s filter: {reason: ["odd"]})`,
	`drifts(%s)`,
	`drifts(%s filter: {source: ["csv"], kind: [NEW_PATH]})`,
	`assets(%s orderBy: PRICE_DESC)`,
	`assets(%s orderBy: MARKET_CAP_DESC)`,
	`assets(%s orderBy: PERCENT_CHANGE_24H_DESC)`,
	`assets(%s orderBy: PERCENT_CHANGE_24H_ASC)`,
	`assets(%s orderBy: SPREAD_DESC, filter: {minSources: 2})`,
	`disagreements(%s)`,
	`matchCandidates(%s)`,
	`matchCandidates(%s filter: {minScore: 0.35})`,
	`matchChanges(%s)`,
}

// crowd fills every list with more than a page, among them records of one instant and assets without a rank.
func (w *world) crowd(t testing.TB) {
	w.coins(t, 5, 3)
	w.twins(t, 12, 6)
	for i := range 11 {
		unranked := observe(fmt.Sprintf("Old %d", i), fmt.Sprintf("O%d", i), "1", noon.Add(-time.Hour))
		rejection := market.Rejection{Payload: fmt.Append(nil, i), Reason: market.Reason{Code: []string{"even", "odd"}[i%2], Detail: "-"}}
		w.run(t, "csv", market.Batch{Observations: []market.Observation{unranked}, Rejections: []market.Rejection{rejection}}, drifted(1))
	}
}

// page is a page of a list, and its rows' ids.
type page struct {
	ids        []string
	info       map[string]any
	totalCount float64
}

func (w *world) page(t testing.TB, list, arguments string) page {
	t.Helper()
	row := "{ id }"
	if strings.HasPrefix(list, "matchCandidates") {
		row = "{ id: listing { id } }" // they have none of their own
	}
	data := w.data(t, fmt.Sprintf("{ list: "+list+" { totalCount edges { cursor node "+row+" } nodes "+row+
		" pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }", arguments))
	found := dig(t, data, "list").(map[string]any)
	p := page{info: found["pageInfo"].(map[string]any), totalCount: found["totalCount"].(float64)}
	for i, edge := range found["edges"].([]any) {
		p.ids = append(p.ids, fmt.Sprint(dig(t, edge, "node", "id")))
		require.Equal(t, dig(t, edge, "node"), dig(t, found, "nodes", i))
	}
	if n := len(p.ids); n > 0 {
		require.Equal(t, dig(t, found, "edges", 0, "cursor"), p.info["startCursor"])
		require.Equal(t, dig(t, found, "edges", n-1, "cursor"), p.info["endCursor"])
	} else {
		require.Nil(t, p.info["startCursor"])
		require.Nil(t, p.info["endCursor"])
	}
	return p
}

func TestPagesJoinUpBothWays(t *testing.T) {
	w := newWorld(t)
	w.crowd(t)
	for _, list := range lists {
		t.Run(list, func(t *testing.T) {
			whole := w.page(t, list, "first: 500")
			require.Greater(t, len(whole.ids), 4)
			require.EqualValues(t, len(whole.ids), whole.totalCount)
			require.Equal(t, len(whole.ids), len(slices.Compact(slices.Sorted(slices.Values(whole.ids)))))
			for _, size := range []int{1, 4, len(whole.ids) - 1, len(whole.ids)} {
				require.Equal(t, whole.ids, w.forwards(t, list, size, len(whole.ids)))
				require.Equal(t, whole.ids, w.backwards(t, list, size, len(whole.ids)))
			}
		})
	}
}

// forwards walks the list from its beginning.
func (w *world) forwards(t testing.TB, list string, size, total int) (ids []string) {
	t.Helper()
	arguments := fmt.Sprintf("first: %d", size)
	for {
		p := w.page(t, list, arguments)
		require.Equal(t, len(ids) > 0, p.info["hasPreviousPage"])
		require.EqualValues(t, total, p.totalCount)
		ids = append(ids, p.ids...)
		require.Equal(t, len(ids) < total, p.info["hasNextPage"])
		if p.info["hasNextPage"] == false {
			return ids
		}
		require.Len(t, p.ids, size)
		arguments = fmt.Sprintf("first: %d after: %q", size, p.info["endCursor"])
	}
}

// backwards walks the list from its end.
func (w *world) backwards(t testing.TB, list string, size, total int) (ids []string) {
	t.Helper()
	arguments := fmt.Sprintf("last: %d", size)
	for {
		p := w.page(t, list, arguments)
		require.Equal(t, len(ids) > 0, p.info["hasNextPage"])
		ids = append(p.ids, ids...)
		require.Equal(t, len(ids) < total, p.info["hasPreviousPage"])
		if p.info["hasPreviousPage"] == false {
			return ids
		}
		require.Len(t, p.ids, size)
		arguments = fmt.Sprintf("last: %d before: %q", size, p.info["startCursor"])
	}
}

func TestAPageBetweenTwoCursors(t *testing.T) {
	w := newWorld(t)
	w.crowd(t)
	for _, list := range lists {
		t.Run(list, func(t *testing.T) {
			whole := w.page(t, list, "first: 5")
			first, fifth := whole.info["startCursor"], whole.info["endCursor"]
			between := fmt.Sprintf("after: %q before: %q", first, fifth)
			require.Equal(t, whole.ids[1:4], w.page(t, list, between).ids)
			two := w.page(t, list, "first: 2 "+between)
			require.Equal(t, whole.ids[1:3], two.ids)
			require.Equal(t, []any{true, true}, []any{two.info["hasNextPage"], two.info["hasPreviousPage"]})
			require.Equal(t, whole.ids[2:4], w.page(t, list, "last: 2 "+between).ids)
			require.Empty(t, w.page(t, list, fmt.Sprintf("after: %q before: %q", fifth, first)).ids)
		})
	}
}

func TestRowsThatArriveDoNotShiftPages(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 5, 3)
	before := w.page(t, lists[3], "first: 500").ids
	var walked []string
	arguments := "first: 4"
	for i := range len(before) {
		p := w.page(t, lists[3], arguments)
		walked = append(walked, p.ids...)
		if p.info["hasNextPage"] == false {
			break
		}
		arguments = fmt.Sprintf("first: 4 after: %q", p.info["endCursor"])
		news := observe("Coin 000", "C000", fmt.Sprint(i+1), noon.Add(time.Duration(i+1)*time.Minute))
		w.run(t, "coingecko", market.Batch{Observations: []market.Observation{news}}, succeeded)
	}
	require.Equal(t, before, walked)
}

func TestACursorWorksWhereItCameFromOnly(t *testing.T) {
	w := newWorld(t)
	w.crowd(t)
	cursors := make([]any, len(lists))
	for i, list := range lists {
		cursors[i] = w.page(t, list, "first: 1").info["endCursor"]
	}
	nested := dig(t, w.data(t, `{ asset(slug: "coin-001") { records { pageInfo { endCursor } } } }`), "asset", "records", "pageInfo", "endCursor")
	for i, list := range lists {
		foreign := append(slices.Delete(slices.Clone(cursors), i, i+1), nested, "", "x", "AAAA", "%", cursors[i].(string)+"!")
		for _, cursor := range foreign {
			for _, argument := range []string{"after", "before"} {
				code, message := w.refused(t, fmt.Sprintf("{ "+list+" { pageInfo { endCursor } } }", fmt.Sprintf("%s: %q", argument, cursor)))
				require.Equal(t, "BAD_CURSOR", code, "%s %v", list, cursor)
				require.Contains(t, message, argument+": bad cursor: ")
			}
		}
	}
}

func TestFiftyRowsUnlessToldOtherwise(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 30, 2)
	require.Len(t, w.page(t, lists[3], "").ids, 50)
	require.Len(t, w.page(t, lists[3], "first: 500").ids, 120)
	require.Len(t, w.page(t, lists[3], "last: 120").ids, 120)
}
