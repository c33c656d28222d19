package coinpaprika_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source/coinpaprika"
	"github.com/kasparro/kasparro/internal/source/sourcetest"
)

func FuzzItem(f *testing.F) {
	body, err := os.ReadFile("testdata/tickers.json")
	require.NoError(f, err)
	var tickers []json.RawMessage
	require.NoError(f, json.Unmarshal(body, &tickers))
	seeds := [][]byte{
		[]byte(`{"id":"btc-bitcoin","historical":{"timestamp":"2024-01-01T00:00:00Z","price":2e-8,"volume_24h":0,"market_cap":1}}`),
		[]byte(`{"id":"no-coin","unknown_coin":{"from":"2024-01-01T00:00:00Z","to":"2024-02-01T00:00:00Z","said":"id not found"}}`),
	}
	for _, ticker := range tickers {
		seeds = append(seeds, ticker)
	}
	sourcetest.FuzzItem(f, coinpaprika.New(coinpaprika.Options{}), seeds...)
}
