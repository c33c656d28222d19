package coinpaprika_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coinpaprika"
)

func TestItems(t *testing.T) {
	_, items := extract(t, (&api{body: read(t, "testdata/tickers.json")}).open(t, coinpaprika.Options{}), "")
	require.Len(t, items, 10)

	bitcoin := items[0]
	require.True(t, bytes.HasPrefix(bitcoin.Payload, []byte(`{"id":"btc-bitcoin",`)))
	bitcoin.Payload = nil
	require.Equal(t, source.Item{
		ExternalID: "btc-bitcoin", Symbol: "BTC", Name: "Bitcoin",
		ObservedAt: time.Date(2026, 10, 5, 9, 36, 15, 0, time.UTC),
		Amounts: source.Amounts{
			Price: "85836.8634397365", MarketCap: "1724781212941", Volume24h: "20475465924.682415",
			PercentChange1h: "-0.44999998807907104", PercentChange24h: "0.5899999737739563",
			PercentChange7d: "3.609999895095825", Rank: "1", TotalSupply: "20093703", MaxSupply: "21000000",
		},
	}, bitcoin, "the free plan gives no circulating supply")
	require.Equal(t, source.Amounts{
		Price: "2e-8", Volume24h: "0", PercentChange1h: "0", PercentChange24h: "0", PercentChange7d: "0",
	}, items[1].Amounts, "0 means unknown in rank, supplies and market cap, and nowhere else")
	require.Equal(t, source.Amounts{
		Price: "123456789012345678901234567890.123456789", Rank: "77", CirculatingSupply: "1000.50",
	}, items[2].Amounts)
	for _, item := range items[3:5] { // no price in dollars: readable, and not for the source to judge
		require.Nil(t, item.Problem)
		require.Empty(t, item.Price)
	}
}

func TestProblems(t *testing.T) {
	_, items := extract(t, (&api{body: read(t, "testdata/tickers.json")}).open(t, coinpaprika.Options{}), "")
	want := []struct{ id, code, field string }{
		{"lst-list", "wrong_type", "quotes"},
		{"bad-price", "wrong_type", "quotes.USD.price"},
		{"  ", "missing_external_id", "id"},
		{"old-never", "missing_time", "last_updated"},
		{"", "not_an_object", ""},
	}
	for i, w := range want {
		item := items[len(items)-len(want)+i]
		require.NotNil(t, item.Problem, "%s", item.Payload)
		require.Equal(t, w.id, item.ExternalID)
		require.Equal(t, w.code, item.Problem.Code)
		require.Equal(t, w.field, item.Problem.Field)
	}
}

// All 2,541 tickers that the API sent on 2019-09-06.
func TestRecording(t *testing.T) {
	dir := os.Getenv("RECORDINGS_DIR")
	if dir == "" {
		t.Skip("RECORDINGS_DIR is not set")
	}
	body := read(t, filepath.Join(dir, "coinpaprika/tickers_full_usd_2019-09-06.json"))
	pages, items := extract(t, (&api{body: body}).open(t, coinpaprika.Options{}), "")
	require.Len(t, pages, 6)
	require.Len(t, items, 2541)
	var payloads [][]byte
	for _, item := range items {
		payloads = append(payloads, item.Payload)
	}
	require.Equal(t, string(bytes.TrimSpace(body)), "["+string(bytes.Join(payloads, []byte(",")))+"]")
	compareWithFile(t, body, items)
}

// compareWithFile reads the file in another way and compares every figure's text.
func compareWithFile(t *testing.T, body []byte, items []source.Item) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var tickers []map[string]any
	require.NoError(t, decoder.Decode(&tickers))
	for i, ticker := range tickers {
		item := items[i]
		require.Nil(t, item.Problem)
		require.Equal(t, ticker["id"], item.ExternalID)
		require.Equal(t, ticker["symbol"], item.Symbol)
		require.Equal(t, ticker["name"], item.Name)
		require.Equal(t, ticker["last_updated"], item.ObservedAt.Format(time.RFC3339))
		usd := ticker["quotes"].(map[string]any)["USD"].(map[string]any)
		for name, got := range map[string]string{
			"price": item.Price, "volume_24h": item.Volume24h, "percent_change_1h": item.PercentChange1h,
			"percent_change_24h": item.PercentChange24h, "percent_change_7d": item.PercentChange7d,
		} {
			require.Equal(t, usd[name].(json.Number).String(), got, "%s of %s", name, item.ExternalID)
		}
		require.Equal(t, known(usd["market_cap"]), item.MarketCap, item.ExternalID)
		for name, got := range map[string]string{
			"rank": item.Rank, "total_supply": item.TotalSupply, "max_supply": item.MaxSupply,
			"circulating_supply": item.CirculatingSupply,
		} {
			require.Equal(t, known(ticker[name]), got, "%s of %s", name, item.ExternalID)
		}
	}
}

// known is the text of a figure that is empty where the API says 0.
func known(figure any) string {
	if number := figure.(json.Number); number != "0" {
		return number.String()
	}
	return ""
}
