package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
)

type dataPage struct {
	Data []struct {
		ID             string
		Source         string
		Asset          string
		Symbol         string
		EventTimestamp time.Time `json:"event_timestamp"`
	}
	Pagination struct {
		Page         int
		Limit        int
		TotalRecords int     `json:"total_records"`
		TotalPages   int     `json:"total_pages"`
		NextCursor   *string `json:"next_cursor"`
	}
}

var coins = []string{"bitcoin", "ethereum", "solana", "tether", "cardano"}

// seed gives each of three sources 5 coins at 5 times: 75 records, 15 at every time.
func seed(t *testing.T) *postgres.Store {
	t.Helper()
	store := newStore(t)
	for _, source := range []string{"coingecko", "coinpaprika", "csv"} {
		var all []market.Observation
		for hours := range 5 {
			for _, coin := range coins {
				all = append(all, observe(coin, noon.Add(-time.Duration(hours)*time.Hour), "10"))
			}
		}
		ingest(t, store, source, succeeded, all...)
	}
	return store
}

var nextLink = regexp.MustCompile(`^<(/data\?[^>]+)>; rel="next"$`)

// walk follows the pages from target by their Link headers and returns the ids of all.
func walk(t *testing.T, h http.Handler, target string, between func()) (ids []string) {
	t.Helper()
	for number := 1; ; number++ {
		a := get(t, h, target)
		page := ok[dataPage](t, a)
		require.Equal(t, number, page.Pagination.Page)
		for _, row := range page.Data {
			ids = append(ids, row.ID)
		}
		link := a.Header.Get("Link")
		if page.Pagination.NextCursor == nil {
			require.Empty(t, link)
			return ids
		}
		require.Len(t, page.Data, page.Pagination.Limit)
		match := nextLink.FindStringSubmatch(link)
		require.NotNil(t, match, link)
		require.Contains(t, match[1], "cursor="+*page.Pagination.NextCursor)
		target = match[1]
		between()
	}
}

func requireOnceEach(t *testing.T, ids []string, count int) {
	t.Helper()
	seen := make(map[string]bool)
	for _, id := range ids {
		require.False(t, seen[id], "%s came twice", id)
		seen[id] = true
	}
	require.Len(t, ids, count)
}

func TestEveryRecordOnceByCursor(t *testing.T) {
	h := service(seed(t), io.Discard)
	for query, count := range map[string]int{
		"limit=1": 75, "limit=7": 75, "limit=25": 75, "limit=75": 75, "limit=100": 75, "": 75,
		"limit=4&source=csv": 25, "limit=4&asset=bitcoin,solana": 30, "limit=2&symbol=eth&source=csv&source=coingecko": 10,
		"limit=10&from=2026-01-02T11:00:00Z": 30, "limit=7&to=2026-01-02T11:00:00Z": 45,
		"limit=3&from=2026-01-02T09:00:00Z&to=2026-01-02T10:00:00Z&page=1": 15, "from=2026-01-03": 0,
	} {
		t.Run(query, func(t *testing.T) {
			requireOnceEach(t, walk(t, h, "/data?"+query, func() {}), count)
		})
	}
}

func TestEveryRecordOnceByPage(t *testing.T) {
	h := service(seed(t), io.Discard)
	for limit, pages := range map[int]int{1: 75, 7: 11, 25: 3, 74: 2, 75: 1, 100: 1} {
		var ids []string
		for number := range pages + 2 {
			page := ok[dataPage](t, get(t, h, fmt.Sprintf("/data?limit=%d&page=%d", limit, number+1)))
			require.Equal(t, pages, page.Pagination.TotalPages)
			require.Equal(t, 75, page.Pagination.TotalRecords)
			require.Equal(t, number+1, page.Pagination.Page)
			require.Equal(t, number+1 < pages, page.Pagination.NextCursor != nil, "page %d of %d", number+1, pages)
			for _, row := range page.Data {
				ids = append(ids, row.ID)
			}
		}
		requireOnceEach(t, ids, 75)
	}
	empty := ok[dataPage](t, get(t, h, "/data?page=2147483647&limit=100"))
	require.NotNil(t, empty.Data)
	require.Empty(t, empty.Data)
}

func TestACursorTakesOverFromAPage(t *testing.T) {
	h := service(seed(t), io.Discard)
	second := get(t, h, "/data?page=2&limit=30")
	third := ok[dataPage](t, get(t, h, nextLink.FindStringSubmatch(second.Header.Get("Link"))[1]))
	require.Equal(t, 3, third.Pagination.Page)
	require.Equal(t, ok[dataPage](t, get(t, h, "/data?page=3&limit=30")), third)
}

func TestNewRecordsDoNotShiftAWalk(t *testing.T) {
	store := seed(t)
	added := 0
	ids := walk(t, service(store, io.Discard), "/data?limit=10", func() {
		added++
		ingest(t, store, "csv", succeeded, observe("bitcoin", noon.Add(time.Duration(added)*time.Hour), "11"))
	})
	requireOnceEach(t, ids, 75)
	require.Equal(t, 7, added)
}

func TestNewestFirst(t *testing.T) {
	rows := ok[dataPage](t, get(t, service(seed(t), io.Discard), "/data?limit=75")).Data
	for i := range rows[1:] {
		require.False(t, rows[i].EventTimestamp.Before(rows[i+1].EventTimestamp))
	}
}

func TestFilters(t *testing.T) {
	h := service(seed(t), io.Discard)
	for query, count := range map[string]int{
		"source=csv": 25, "source=csv,coingecko": 50, "source=csv&source=coingecko": 50, "source=csv,csv": 25, "source=": 75,
		"source=&source=csv": 25, "source=csv,%20coingecko": 50, "asset=bitcoin": 15, "asset=bitcoin,tether&asset=solana": 45,
		"asset=unheard-of": 0, "symbol=btc": 0, "symbol=bit": 15, "symbol=BIT,Eth": 30, "asset=bitcoin&symbol=eth": 0,
		"from=2026-01-02T12:00:00Z": 15, "from=2026-01-02T12:00:00.000001Z": 0, "to=2026-01-02T12:00:00Z": 60,
		"from=2026-01-02": 75, "to=2026-01-02": 0, "to=2026-01-03": 75, "from=2026-01-02T14:00:00%2B02:00": 15,
		"from=2026-01-02T12:00:00Z&to=2026-01-02T12:00:00Z": 0, "from=&to=&page=&limit=&cursor=&asset=&symbol=": 75,
		"to=0001-01-01": 0, "to=9999-12-31": 75,
	} {
		t.Run(query, func(t *testing.T) {
			page := ok[dataPage](t, get(t, h, "/data?"+query))
			require.Equal(t, count, page.Pagination.TotalRecords)
			require.Equal(t, min(count, 10), len(page.Data))
		})
	}
	for _, row := range ok[dataPage](t, get(t, h, "/data?source=csv&symbol=sol")).Data {
		require.Equal(t, []string{"csv", "solana", "SOL"}, []string{row.Source, row.Asset, row.Symbol})
	}
}

func TestCursorsAreBoundToTheirFilter(t *testing.T) {
	h := service(seed(t), io.Discard)
	cursor := *ok[dataPage](t, get(t, h, "/data?source=csv,coingecko&symbol=eth&limit=2")).Pagination.NextCursor
	for _, same := range []string{"source=coingecko,csv&symbol=ETH", "source=csv&source=coingecko,csv&symbol=eth&limit=100"} {
		require.Len(t, ok[dataPage](t, get(t, h, "/data?"+same+"&cursor="+cursor)).Data, 8, same)
	}
	for _, target := range []string{
		"/data?cursor=" + cursor, "/data?source=csv&symbol=eth&cursor=" + cursor,
		"/data?source=csv,coingecko&symbol=eth&from=2026-01-01&cursor=" + cursor,
		"/data?source=csv,coingecko&symbol=eth&cursor=" + strings.ToLower(cursor),
		"/data?source=csv,coingecko&symbol=eth&cursor=" + cursor[:20], "/data?cursor=x", "/data?cursor=%F0%9F%92%A9",
	} {
		p := requireProblem(t, get(t, h, target), http.StatusUnprocessableEntity)
		require.Equal(t, "query.cursor", p.Errors[0].Location, target)
		require.Contains(t, p.Detail, "bad cursor", target)
	}
}
