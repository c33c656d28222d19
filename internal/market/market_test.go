package market_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/internal/market"
)

func TestSlug(t *testing.T) {
	for _, c := range []struct {
		name, symbol string
		taken        []string
		want         string
	}{
		{"Bitcoin", "BTC", nil, "bitcoin"},
		{"USD Coin", "USDC", nil, "usd-coin"},
		{"yearn.finance", "YFI", nil, "yearn-finance"},
		{"  --Wrapped  (BTC)!", "WBTC", nil, "wrapped-btc"},
		{"Élan", "ELN", nil, "élan"},
		{"比特币", "BTC", nil, "比特币"},
		{"1inch", "1INCH", nil, "1inch"},
		{"Bitcoin", "BTC", []string{"bitcoin"}, "bitcoin-btc"},
		{"Bitcoin", "BTC", []string{"bitcoin", "bitcoin-btc"}, "bitcoin-btc-2"},
		{"Bitcoin", "BTC", []string{"bitcoin", "bitcoin-btc", "bitcoin-btc-2", "bitcoin-btc-3"}, "bitcoin-btc-4"},
		{"Bitcoin", "$", []string{"bitcoin"}, "bitcoin-2"},
		{"", "BTC", nil, "btc"},
		{"", "BTC", []string{"btc"}, "btc-btc"},
		{"!!", "BTC", nil, "btc"},
		{"", "", nil, "asset"},
		{"?", "$", []string{"asset"}, "asset-2"},
	} {
		t.Run(c.want, func(t *testing.T) {
			require.Equal(t, c.want, market.Slug(c.name, c.symbol, func(s string) bool { return slices.Contains(c.taken, s) }))
		})
	}
}

func TestSlugsAreFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		taken := map[string]bool{}
		for range 20 {
			slug := market.Slug(rapid.SampledFrom([]string{"A", "a-b", "", "A B", "A B 2"}).Draw(t, "name"),
				rapid.SampledFrom([]string{"B", "2", ""}).Draw(t, "symbol"), func(s string) bool { return taken[s] })
			require.False(t, taken[slug])
			require.NotEmpty(t, slug)
			taken[slug] = true
		}
	})
}

func TestGlobalIDs(t *testing.T) {
	for _, kind := range []string{market.IDAsset, market.IDRun, market.IDRejection} {
		for _, n := range []int64{1, 42, math.MaxInt64} {
			got, err := market.ParseGlobalID(kind, market.GlobalID(kind, n))
			require.NoError(t, err)
			require.Equal(t, n, got)
		}
	}
	require.Equal(t, "run_42", market.GlobalID(market.IDRun, 42))
	for _, id := range []string{"", "42", "run", "run_", "run_x", "run_0", "run_-1", "asset_1", "run_9223372036854775808", "run_1_2", "RUN_1", " run_1"} {
		_, err := market.ParseGlobalID(market.IDRun, id)
		require.ErrorIs(t, err, market.ErrNotFound, id)
	}
}

func TestRecordIDs(t *testing.T) {
	key := market.RecordKey{ListingID: 7, ObservedAt: time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)}
	require.Equal(t, "record_7_1767323045678901", key.GlobalID())
	rapid.Check(t, func(t *rapid.T) {
		key := market.RecordKey{
			ListingID:  rapid.Int64Min(1).Draw(t, "listing"),
			ObservedAt: time.UnixMicro(rapid.Int64Range(-62135596800_000000, 253402300799_999999).Draw(t, "micros")).UTC(),
		}
		got, err := market.ParseRecordID(key.GlobalID())
		require.NoError(t, err)
		require.Equal(t, key, got)
	})
	for _, id := range []string{
		"", "record", "record_1", "record_1_", "record_x_1", "record_1_x", "record_1_2_3", "asset_1_2", "record_0_1", "record_-1_1",
		"record_1_9223372036854775807", "record_1_-9223372036854775808", "record_1_-62135596800000001", "record_1_253402300800000000",
	} {
		_, err := market.ParseRecordID(id)
		require.ErrorIs(t, err, market.ErrNotFound, id)
	}
}
