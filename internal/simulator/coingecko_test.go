package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func ids(t *testing.T, body string) []string {
	t.Helper()
	var out []string
	for _, r := range rows(t, body) {
		out = append(out, r["id"].(string))
	}
	return out
}

func TestMarketsPagesHoldEveryCoinOnceAndEnd(t *testing.T) {
	s := still(Options{})
	want := 0
	for _, c := range s.market.coins {
		if c.geckoID != "" {
			want++
		}
	}
	seen, last := map[string]bool{}, 250
	for page := 1; last > 0; page++ {
		got := ids(t, get(t, s, fmt.Sprintf("%s&per_page=250&page=%d", markets, page)))
		require.True(t, last == 250 || len(got) == 0, "a short page before the end")
		last = len(got)
		for _, id := range got {
			require.False(t, seen[id], "%s twice", id)
			seen[id] = true
		}
	}
	require.Len(t, seen, want)
	require.Equal(t, "[]", get(t, s, markets+"&page=1000000000000"))
}

func TestMarketsParameters(t *testing.T) {
	s := still(Options{})
	count := func(query string) int { return len(ids(t, get(t, s, markets+query))) }
	require.Equal(t, 100, count(""))
	require.Equal(t, 250, count("&per_page=9999"))
	require.Equal(t, 7, count("&per_page=7&page=x"))
	require.Equal(t, []string{"bitcoin", "ethereum"}, ids(t, get(t, s, markets+"&ids=ethereum,bitcoin,nothing")))
	require.Equal(t, []string{"ethereum", "bitcoin"}, ids(t, get(t, s, markets+"&ids=ethereum,bitcoin&order=market_cap_asc")))
	require.Equal(t, []string{"01coin"}, ids(t, get(t, s, markets+"&order=id_asc&per_page=2&page=1"))[:1])
	require.Equal(t, []string{"1move token"}, ids(t, get(t, s, markets+"&ids=1move%20token")))

	only := rows(t, get(t, s, markets+"&ids=bitcoin&price_change_percentage=7d,1h,2h"))[0]
	require.Contains(t, only, "price_change_percentage_1h_in_currency")
	require.Contains(t, only, "price_change_percentage_7d_in_currency")
	require.NotContains(t, only, "price_change_percentage_24h_in_currency")
	require.NotContains(t, only, "price_change_percentage_2h_in_currency")
}

func TestMarketsAreByMarketCapAndRankedButNotTogether(t *testing.T) {
	s := still(Options{})
	unordered, none, ranked := 0, 0, map[string]bool{}
	for range 3 {
		before := 1e18
		rank := int64(0)
		for _, r := range rows(t, everyPage(t, s, "")) {
			worth, err := r["market_cap"].(json.Number).Float64()
			require.NoError(t, err)
			require.LessOrEqual(t, worth, before)
			before = worth
			if worth == 0 {
				require.Nil(t, r["market_cap_rank"])
				none++
				continue
			}
			now, err := r["market_cap_rank"].(json.Number).Int64()
			require.NoError(t, err)
			if now < rank {
				unordered++
			}
			rank = now
			ranked[r["market_cap_rank"].(json.Number).String()] = true
		}
		advance(t, s, "97s")
	}
	require.Positive(t, unordered, "rank never differs from the order of the list")
	require.Positive(t, none)
	require.True(t, ranked["1"] && ranked["250"])
}

func TestNumbersArePrintedAsRubyDoes(t *testing.T) {
	for want, v := range map[string]float64{
		"38938": 38938.31, "19521.07": 19521.0712, "28.0": 28, "9.3": 9.299, "1.001": 1.00123, "1.0": 1, "0.734539": 0.7345391,
		"0.063265": 0.0632652, "0.04941862": 0.049418621, "0.00136138": 0.00136138, "2.673e-05": 0.000026731,
		"8.14417e-07": 8.144172e-7, "3.447e-09": 3.447e-9, "0.0": 0, "-0.000257892005": -0.00025789200512, "-1.5": -1.5,
	} {
		require.Equal(t, raw(want), money(v))
	}
	for want, v := range map[string]float64{
		"18966243.0": 18966243, "119698044.499": 119698044.499, "1.0e+15": 1e15, "4.2e+17": 4.2e17, "1.01101101e+16": 1.01101101e16,
		"999990000000000.0": 999990000000000, "2.0e-05": 2e-5, "0.0001": 1e-4,
	} {
		require.Equal(t, raw(want), ruby(v))
	}
	require.Equal(t, raw("-0.00197"), percent(-0.001966794))
	require.Equal(t, raw(""), known(0, ruby))
}

func TestGeckoErrors(t *testing.T) {
	s := still(Options{Coins: 9})
	chart := "/coingecko/api/v3/coins/bitcoin/market_chart/range?vs_currency=usd"
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"/coingecko/api/v3/coins/markets", `{"error":"Missing parameter vs_currency"}`, 422},
		{"/coingecko/api/v3/coins/markets?vs_currency=zzz", `{"error":"invalid vs_currency"}`, 422},
		{chart + "&from=1", `{"error":"Missing parameter to"}`, 422},
		{strings.Replace(chart, "bitcoin", "no-coin", 1) + "&from=1790000000&to=1790000001", `{"error":"Could not find coin with the given id"}`, 404},
		{"/coingecko/api/v3/nothing", `{"error":"Incorrect path. Please check https://www.coingecko.com/api/"}`, 404},
	} {
		w := ask(t, s, "GET", c.path, "")
		require.Equal(t, c.status, w.Code, c.path)
		require.Equal(t, c.body, w.Body.String())
		require.Empty(t, w.Header().Get("ETag"))
	}
	w := ask(t, s, "GET", fmt.Sprintf("%s&from=%d&to=%d", chart, noon.Add(-366*day).Unix(), noon.Unix()), "")
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Contains(t, w.Body.String(), `{"error":{"status":{"timestamp":"2026-10-05T12:00:00.000+00:00","error_code":10012,"error_message":"Your request`)
}

func TestChartIsAsFineAsItIsShort(t *testing.T) {
	s := still(Options{Coins: 9})
	for _, c := range []struct {
		back, step time.Duration
		points     int
	}{{6 * time.Hour, 5 * time.Minute, 72}, {30 * day, time.Hour, 720}, {364 * day, day, 364}} {
		chart := struct{ Prices, MarketCaps, TotalVolumes [][2]float64 }{}
		body := get(t, s, fmt.Sprintf("/coingecko/api/v3/coins/ethereum/market_chart/range?vs_currency=usd&from=%d&to=%d",
			noon.Add(-c.back).Unix(), noon.Unix()))
		require.NoError(t, json.Unmarshal([]byte(strings.NewReplacer("market_caps", "MarketCaps", "total_volumes", "TotalVolumes").Replace(body)), &chart))
		require.InDelta(t, c.points, len(chart.Prices), 2)
		require.Len(t, chart.MarketCaps, len(chart.Prices))
		require.Len(t, chart.TotalVolumes, len(chart.Prices))
		for i := 1; i < len(chart.Prices)-1; i++ {
			require.InDelta(t, c.step.Milliseconds(), chart.Prices[i][0]-chart.Prices[i-1][0], float64(c.step.Milliseconds())/7)
		}
	}
}
