package coinpaprika_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/simulator"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coinpaprika"
	"github.com/kasparro/kasparro/internal/source/sourcetest"
	"github.com/kasparro/kasparro/internal/upstream"
)

var noon = time.Date(2026, 10, 5, 12, 0, 30, 0, time.UTC)

func simulated() http.Handler {
	return simulator.New(simulator.Options{Now: func() time.Time { return noon }})
}

// past opens the source over what answers below /coinpaprika/v1.
func past(t *testing.T, handler http.Handler, key string) *coinpaprika.Source {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return coinpaprika.New(coinpaprika.Options{
		BaseURL: server.URL + "/coinpaprika/v1", APIKey: key, Client: upstream.New(upstream.Options{BaseWait: time.Nanosecond}),
	})
}

func history(t *testing.T, s *coinpaprika.Source, span source.Span) (pages []source.Page, items []source.Item) {
	for page, err := range s.History(t.Context(), span, "") {
		require.NoError(t, err)
		require.Contains(t, []string{source.PartHistory, source.ProblemUnknownCoin}, page.Part)
		pages, items = append(pages, page), append(items, page.Items...)
	}
	return pages, items
}

// A day is a point, the last not in the span any more.
func TestHistoryConformance(t *testing.T) {
	to := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	span := source.Span{From: to.AddDate(0, 0, -30), To: to, IDs: []string{"btc-bitcoin", "eth-ethereum"}}
	sim := simulated()
	sourcetest.Run(t, sourcetest.Case{
		Name: "coinpaprika", Kind: market.KindAPI, Items: 30 + 30, Pages: 2, Repeats: false,
		New: func(t *testing.T) source.Source { return source.Past(past(t, sim, ""), span) },
		Failing: func(t *testing.T) source.Source {
			return source.Past(past(t, &api{status: 402, body: []byte(`{"error":"monthly quota exceeded"}`)}, ""), span)
		},
	})
	span.IDs = []string{"btc-bitcoin", "no-coin", "eth-ethereum"}
	pages, items := history(t, past(t, sim, ""), span)
	require.Len(t, items, 30+1+30)
	for i, item := range items[:30] {
		require.Equal(t, "btc-bitcoin", item.ExternalID)
		require.Equal(t, span.From.AddDate(0, 0, i), item.ObservedAt)
		require.NotEmpty(t, item.Price)
	}
	require.Equal(t, source.ProblemUnknownCoin, items[30].Problem.Code)
	require.Equal(t, "no-coin", items[30].ExternalID)
	require.Contains(t, items[30].Problem.Detail, "id not found")
	require.Equal(t, items[30], past(t, sim, "").Item(items[30].Payload))
	require.Contains(t, pages[2].Incomplete, "1 of 3 coins is unknown to coinpaprika: no-coin;")
	for page, err := range past(t, sim, "").History(t.Context(), span, pages[2].Next) {
		require.NoError(t, err)
		require.Equal(t, "no-coin", page.Items[0].ExternalID, "it alone is asked for again")
		require.Equal(t, pages[2].Incomplete, page.Incomplete)
	}
}

func TestHistoryItems(t *testing.T) {
	a := &api{body: []byte(`[{"timestamp":"2023-12-31T00:00:00Z","price":9},
		{"timestamp":"2024-01-01T00:00:00Z", "price":2e-8,"volume_24h":0,"market_cap":0},
		{"timestamp":"2024-01-02T01:00:00+01:00","price":1.50,"volume_24h":7,"market_cap":1.5e9},
		{"price":3},{"timestamp":"soon"},4,
		{"timestamp":"2024-01-03T00:00:00Z","price":8}]`)}
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	_, items := history(t, past(t, a, ""), source.Span{From: from, To: from.AddDate(0, 0, 2), IDs: []string{"xch-chia-"}})
	require.Equal(t, []source.Item{
		{
			ExternalID: "xch-chia-", ObservedAt: from, Amounts: source.Amounts{Price: "2e-8", Volume24h: "0"},
			Payload: []byte(`{"id":"xch-chia-","historical":{"timestamp":"2024-01-01T00:00:00Z", "price":2e-8,"volume_24h":0,"market_cap":0}}`),
		},
		{
			ExternalID: "xch-chia-", ObservedAt: from.AddDate(0, 0, 1), Amounts: source.Amounts{Price: "1.50", Volume24h: "7", MarketCap: "1.5e9"},
			Payload: []byte(`{"id":"xch-chia-","historical":{"timestamp":"2024-01-02T01:00:00+01:00","price":1.50,"volume_24h":7,"market_cap":1.5e9}}`),
		},
	}, items[:2])
	require.Len(t, items, 5)
	for i, code := range []string{"missing_time", "bad_time", "wrong_type"} {
		require.Equal(t, code, items[2+i].Problem.Code)
		require.Equal(t, "xch-chia-", items[2+i].ExternalID)
	}
}

// A day apart without a key, an hour with one, and never more than 5000 points at once.
func TestHistoryIsAskedForInChunks(t *testing.T) {
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	span := source.Span{From: from, To: from.AddDate(1, 0, 0), IDs: []string{"btc-bitcoin"}}
	for name, c := range map[string]struct {
		key   string
		asked []string
	}{
		"free": {"", []string{"start=2024-01-01T00:00:00Z&end=2025-01-01T00:00:00Z&interval=1d&limit=5000"}},
		"paid": {"secret", []string{
			"start=2024-01-01T00:00:00Z&end=2024-07-19T00:00:00Z&interval=1h&limit=5000",
			"start=2024-07-19T00:00:00Z&end=2025-01-01T00:00:00Z&interval=1h&limit=5000",
		}},
	} {
		a := &api{body: []byte(`[]`)}
		pages, _ := history(t, past(t, a, c.key), span)
		require.Len(t, pages, len(c.asked), name)
		require.Equal(t, c.key, a.key)
		for i, query := range c.asked {
			require.Equal(t, "/coinpaprika/v1/tickers/btc-bitcoin/historical?"+query, a.asked[i], name)
		}
	}
}

// What the plan does not allow ends the run, with the vendor's words.
func TestHistoryBeyondThePlan(t *testing.T) {
	span := source.Span{From: noon.AddDate(-2, 0, 0), To: noon, IDs: []string{"btc-bitcoin", "eth-ethereum"}}
	seen := 0
	for page, err := range past(t, simulated(), "").History(t.Context(), span, "") {
		require.Empty(t, page)
		require.ErrorContains(t, err, "402 Payment Required: Getting historical OHLCV data before 2025-10-05")
		seen++
	}
	require.Equal(t, 1, seen)

	nowhere, cancel := context.WithCancel(t.Context())
	cancel() // who asks the live API fails at once
	client := upstream.New(upstream.Options{})
	free := coinpaprika.New(coinpaprika.Options{Client: client})
	old := source.Span{From: time.Now().AddDate(-1, 0, -1), To: time.Now(), IDs: span.IDs}
	for _, err := range free.History(nowhere, old, "") {
		require.NotContains(t, err.Error(), "GET ")
		require.ErrorContains(t, err, "a year: begin at --from "+time.Now().UTC().AddDate(-1, 0, 1).Format(time.DateOnly))
		require.ErrorContains(t, err, "COINPAPRIKA_API_KEY")
	}
	recent := source.Span{From: time.Now().AddDate(-1, 0, 1), To: time.Now(), IDs: span.IDs}
	for _, err := range free.History(nowhere, recent, "") {
		require.ErrorContains(t, err, "GET https://api.coinpaprika.com")
	}
	for _, err := range coinpaprika.New(coinpaprika.Options{APIKey: "paid", Client: client}).History(nowhere, old, "") {
		require.ErrorContains(t, err, "GET https://api-pro.coinpaprika.com")
	}
}

// The refusal that the API sent on 2022-06-20.
func TestHistoryRecordedRefusal(t *testing.T) {
	dir := os.Getenv("RECORDINGS_DIR")
	if dir == "" {
		t.Skip("RECORDINGS_DIR is not set")
	}
	refusal := &api{status: 402, body: read(t, filepath.Join(dir, "coinpaprika/error_402_ohlcv_free_plan_2022-06-20.json"))}
	span := source.Span{From: noon.AddDate(0, 0, -9), To: noon, IDs: []string{"btc-bitcoin", "eth-ethereum"}}
	for page, err := range past(t, refusal, "").History(t.Context(), span, "") {
		require.Empty(t, page)
		require.ErrorContains(t, err, "is not allowed in this plan. Check plans on coinpaprika.com/api")
	}
	require.Len(t, refusal.asked, 1)
}
