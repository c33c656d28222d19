package coingecko_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source/coingecko"
	"github.com/kasparro/kasparro/internal/source/sourcetest"
)

func FuzzItem(f *testing.F) {
	body, err := os.ReadFile("testdata/markets.json")
	require.NoError(f, err)
	var coins []json.RawMessage
	require.NoError(f, json.Unmarshal(body, &coins))
	seeds := [][]byte{
		[]byte(`{"id":"bitcoin","chart":{"price":[1704067200000,4.37e-06],"market_cap":[1704067200000,null],"total_volume":[1704067200000,0]}}`),
		[]byte(`{"id":"dead","unknown_coin":{"from":"2024-01-01T00:00:00Z","to":"2024-02-01T00:00:00Z","said":"Could not find coin with the given id"}}`),
	}
	for _, coin := range coins {
		seeds = append(seeds, coin)
	}
	sourcetest.FuzzItem(f, coingecko.New(coingecko.Options{Pages: 1}), seeds...)
}
