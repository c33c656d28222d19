package simulator

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTickersAreAllOfThemNotInRankOrder(t *testing.T) {
	s := still(Options{})
	want := 0
	for _, c := range s.market.coins {
		if c.paprikaID != "" {
			want++
		}
	}
	all := rows(t, get(t, s, tickers+"?quotes=USD"))
	require.Len(t, all, want)
	ranks, inOrder, unknown, undated := map[json.Number]bool{}, true, 0, 0
	for i, r := range all {
		rank := r["rank"].(json.Number)
		require.False(t, ranks[rank], "rank %s twice", rank)
		ranks[rank] = true
		n, err := rank.Int64()
		require.NoError(t, err)
		inOrder = inOrder && int(n) == i+1
		quote := r["quotes"].(map[string]any)["USD"].(map[string]any)
		if quote["market_cap"] == json.Number("0") {
			unknown++
		}
		if quote["ath_date"] == "" {
			require.Equal(t, json.Number("0"), quote["ath_price"])
			undated++
		}
		require.NotContains(t, r, "circulating_supply")
	}
	require.False(t, inOrder)
	require.Positive(t, unknown)
	require.Positive(t, undated)
}

func TestTickerIsTheRowOfTheList(t *testing.T) {
	s := still(Options{})
	for _, id := range []string{"btc-bitcoin", "xch-chia-", "-", "miota-iota"} {
		require.Contains(t, get(t, s, tickers), get(t, s, tickers+"/"+id))
	}
}

func TestPercentagesCarryTheNoiseOf32Bits(t *testing.T) {
	require.Equal(t, "62.36000061035156", string(mustMarshal(coarse(62.3599))))
	require.Equal(t, "0", string(mustMarshal(coarse(0.001))))
	require.Equal(t, "-0.05000000074505806", string(mustMarshal(coarse(-0.05))))
	require.Equal(t, "2e-8", string(mustMarshal(paprikaPrice(2.00004e-8))))
}

func TestSlashAtTheEndIsMoved(t *testing.T) {
	w := ask(t, still(Options{Coins: 9}), "GET", tickers+"/btc-bitcoin/?quotes=USD&x=1", "")
	require.Equal(t, http.StatusMovedPermanently, w.Code)
	require.Equal(t, tickers+"/btc-bitcoin?quotes=USD&x=1", w.Header().Get("Location"))
	require.Equal(t, "<a href=\"/coinpaprika/v1/tickers/btc-bitcoin?quotes=USD&amp;x=1\">Moved Permanently</a>.\n\n", w.Body.String())
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
}

func TestPaprikaErrors(t *testing.T) {
	s := still(Options{Coins: 9})
	past := tickers + "/btc-bitcoin/historical?start="
	for _, c := range []struct {
		path   string
		status int
		says   string
	}{
		{tickers + "/none-none", 404, "id not found"},
		{tickers + "/none-none/historical?start=2026-10-01&interval=1d", 404, "id not found"},
		{"/coinpaprika/v1/nothing", 404, "not found"},
		{tickers + "?quotes=XYZ", 400, "XYZ"},
		{past, 400, "start"},
		{past + "2026-10-01&end=2026-09-01", 400, "end"},
		{past + "2026-10-01&limit=5001", 400, "limit"},
		{past + "2026-10-01&interval=3d", 400, "interval"},
		{past + "2025-10-04&interval=1d", 402, "before 2025-10-05 12:00:00 +0000 UTC is not allowed in this plan"},
		{past + "2026-10-04T11:00:00Z&interval=1h", 402, "before 2026-10-04 12:00:00 +0000 UTC"},
	} {
		w := ask(t, s, "GET", c.path, "")
		require.Equal(t, c.status, w.Code, c.path)
		var problem map[string]string
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &problem))
		require.Contains(t, problem["error"], c.says)
		require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		require.Equal(t, paprikaCaching, w.Header().Get("Cache-Control"))
	}
}

func TestHistoricalStepsAndEnds(t *testing.T) {
	s := still(Options{Coins: 9})
	path := tickers + "/eth-ethereum/historical?"
	for query, want := range map[string]int{
		"start=2026-09-28&interval=1d": 8, "start=2026-09-28&end=2026-09-30&interval=24h": 3,
		"start=2026-10-05&interval=1h": 12, "start=2026-10-05T11:00:00Z": 12, "start=2025-10-06&interval=1d&limit=5": 5,
		"start=1790000000&interval=7d": 2, "start=2026-10-06&interval=1d": 0,
	} {
		points := rows(t, get(t, s, path+query))
		require.Len(t, points, want, query)
		for _, p := range points {
			at, err := time.Parse(time.RFC3339, p["timestamp"].(string))
			require.NoError(t, err)
			require.False(t, at.After(noon))
		}
	}
}
