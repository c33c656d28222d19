package coingecko_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coingecko"
)

func TestItems(t *testing.T) {
	coins := read(t, "testdata/markets.json")
	items, _ := extract(t, (&api{coins: coins}).open(t, coingecko.Options{Pages: 1}), "")
	require.Len(t, items, len(coins))

	require.Equal(t, source.Item{
		ExternalID: "bitcoin", Symbol: "btc", Name: "Bitcoin",
		ObservedAt: time.Date(2022, 2, 23, 11, 30, 23, 307e6, time.UTC),
		Amounts: source.Amounts{
			Price: "38938", High: "39052", Low: "37484.5", MarketCap: "738310755630", Volume24h: "19584692179",
			PercentChange1h: "-0.0756813804723409", PercentChange24h: "3.4795813285105957",
			PercentChange7d: "-12.644969130550665", Rank: "1",
			CirculatingSupply: "18966243.0", TotalSupply: "21000000.0", MaxSupply: "21000000.0",
		},
		Payload: coins[0],
	}, items[0])
	require.Equal(t, source.Item{
		ExternalID: "tiny coin", Symbol: "tny", Name: "Tiny é",
		ObservedAt: time.Date(2022, 2, 23, 11, 23, 11, 426e6, time.UTC),
		Amounts: source.Amounts{
			Price: "4.37e-06", MarketCap: "1.01101101e+16", Volume24h: "5.40", PercentChange24h: "0.32173", Rank: "2",
			CirculatingSupply: "2.448524105135891e+15", TotalSupply: "123456789012345678901234567890.123456789",
		},
		Payload: coins[1],
	}, items[1])
	require.Empty(t, items[2].MarketCap, "0 without a rank means unknown")
	require.Equal(t, "0", items[2].Volume24h)
	require.Equal(t, "0", items[3].MarketCap)
}

func TestProblems(t *testing.T) {
	coins := read(t, "testdata/markets.json")
	items, _ := extract(t, (&api{coins: coins}).open(t, coingecko.Options{Pages: 1}), "")
	want := []struct{ id, code, field, detail string }{
		{"", "missing_external_id", "id", "does not say"},
		{"no-time", "missing_time", "last_updated", "does not say"},
		{"bad-time", "bad_time", "last_updated", `"yesterday"`},
		{"bad-price", "wrong_type", "current_price", `{"usd":1}`},
		{"bad-volume", "wrong_type", "total_volume", "true"},
		{"bad-rank", "wrong_type", "market_cap_rank", `"first"`},
		{"bad-symbol", "wrong_type", "symbol", `["bs"]`},
		{"", "not_an_object", "", `["no"`},
		{"", "not_an_object", "", "null"},
	}
	for i, item := range items {
		require.Equal(t, string(coins[i]), string(item.Payload))
		if i < len(items)-len(want) {
			require.Nil(t, item.Problem)
			continue
		}
		w := want[i-(len(items)-len(want))]
		require.NotNil(t, item.Problem, "%s", item.Payload)
		require.Equal(t, w.id, item.ExternalID)
		require.Equal(t, w.code, item.Problem.Code)
		require.Equal(t, w.field, item.Problem.Field)
		require.Contains(t, item.Problem.Detail, w.detail)
	}
}

// The 250 coins that the API sent on 2022-02-23, in pages of 100, 100 and 50.
func TestRecording(t *testing.T) {
	dir := os.Getenv("RECORDINGS_DIR")
	if dir == "" {
		t.Skip("RECORDINGS_DIR is not set")
	}
	path := filepath.Join(dir, "coingecko/markets_usd_p1_250_allpct_2022-02-23.json")
	a := &api{coins: read(t, path)}
	items, cursors := extract(t, a.open(t, coingecko.Options{Pages: 4, PageSize: 100}), "")
	require.Len(t, items, 250)
	require.Len(t, cursors, 3)

	body, err := os.ReadFile(path)
	require.NoError(t, err)
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
	var coins []map[string]any
	require.NoError(t, decoder.Decode(&coins))
	for i, coin := range coins {
		item := items[i]
		require.Nil(t, item.Problem)
		require.Equal(t, coin["id"], item.ExternalID)
		require.Equal(t, coin["symbol"], item.Symbol)
		require.Equal(t, coin["name"], item.Name)
		require.Equal(t, coin["last_updated"], item.ObservedAt.Format("2006-01-02T15:04:05.000Z"))
		for name, got := range map[string]string{
			"current_price": item.Price, "high_24h": item.High, "low_24h": item.Low, "market_cap": item.MarketCap,
			"total_volume": item.Volume24h, "price_change_percentage_1h_in_currency": item.PercentChange1h,
			"price_change_percentage_24h_in_currency": item.PercentChange24h,
			"price_change_percentage_7d_in_currency":  item.PercentChange7d, "market_cap_rank": item.Rank,
			"circulating_supply": item.CirculatingSupply, "total_supply": item.TotalSupply, "max_supply": item.MaxSupply,
		} {
			want, _ := coin[name].(json.Number)
			require.Equal(t, want.String(), got, "%s of %s", name, item.ExternalID)
		}
	}
}
