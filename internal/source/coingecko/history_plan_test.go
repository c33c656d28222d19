package coingecko_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coingecko"
	"github.com/kasparro/kasparro/internal/upstream"
)

// What the plan does not allow ends the run, with the vendor's words.
func TestHistoryBeyondThePlan(t *testing.T) {
	span := source.Span{From: noon.AddDate(-2, 0, 0), To: noon, IDs: []string{"bitcoin", "ethereum"}}
	seen := 0
	for page, err := range past(t, simulated()).History(t.Context(), span, "") {
		require.Empty(t, page)
		require.ErrorContains(t, err, "401 Unauthorized: Your request exceeds the allowed time range")
		seen++
	}
	require.Equal(t, 1, seen)

	nowhere, cancel := context.WithCancel(t.Context())
	cancel() // who asks the live API fails at once
	client := upstream.New(upstream.Options{})
	free := coingecko.New(coingecko.Options{Pages: 1, APIKey: "demo", Client: client})
	old := source.Span{From: time.Now().AddDate(0, 0, -366), To: time.Now(), IDs: span.IDs}
	for _, err := range free.History(nowhere, old, "") {
		require.NotContains(t, err.Error(), "GET ")
		require.ErrorContains(t, err, "365 days: begin at --from "+time.Now().UTC().AddDate(0, 0, -364).Format(time.DateOnly))
		require.ErrorContains(t, err, "COINGECKO_BASE_URL=https://pro-api.coingecko.com/api/v3")
		require.ErrorContains(t, err, "COINGECKO_API_KEY")
	}
	recent := source.Span{From: time.Now().AddDate(0, 0, -364), To: time.Now(), IDs: span.IDs}
	for _, err := range free.History(nowhere, recent, "") {
		require.ErrorContains(t, err, "GET https://api.coingecko.com")
	}
	pro := coingecko.New(coingecko.Options{BaseURL: "https://pro-api.coingecko.com/api/v3", APIKey: "paid", Pages: 1, Client: client})
	for _, err := range pro.History(nowhere, old, "") {
		require.ErrorContains(t, err, "GET https://pro-api.coingecko.com")
	}
}

// The thirty days of bitcoin that the API sent on 2021-05-15, "now" among them.
func TestHistoryRecording(t *testing.T) {
	dir := os.Getenv("RECORDINGS_DIR")
	if dir == "" {
		t.Skip("RECORDINGS_DIR is not set")
	}
	body, err := os.ReadFile(filepath.Join(dir, "coingecko/market_chart_btc_30d_2021-05-15.json"))
	require.NoError(t, err)
	var lists map[string][][2]json.Number
	require.NoError(t, json.Unmarshal(body, &lists))
	points := len(lists["prices"])
	require.Equal(t, points, len(lists["market_caps"]))

	from, to := time.Date(2021, 4, 15, 0, 0, 0, 0, time.UTC), time.Date(2021, 5, 16, 0, 0, 0, 0, time.UTC)
	items := history(t, past(t, &says{status: 200, body: string(body)}), source.Span{From: from, To: to, IDs: []string{"bitcoin"}})
	require.Len(t, items, points)
	for i, item := range items {
		require.Nil(t, item.Problem)
		at := lists["prices"][i][0].String()
		require.Equal(t, at, fmt.Sprint(item.ObservedAt.UnixMilli()))
		require.Equal(t, source.Amounts{
			Price: lists["prices"][i][1].String(), MarketCap: lists["market_caps"][i][1].String(), Volume24h: lists["total_volumes"][i][1].String(),
		}, item.Amounts)
	}
	last := items[points-1].ObservedAt.Truncate(time.Second)
	before := history(t, past(t, &says{status: 200, body: string(body)}), source.Span{From: from, To: last, IDs: []string{"bitcoin"}})
	require.Len(t, before, points-1, "now is not in the span")
}
