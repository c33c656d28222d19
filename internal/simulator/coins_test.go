package simulator

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTableHoldsEnoughCoinsOnce(t *testing.T) {
	gecko, paprika, pairs := map[string]bool{}, map[string]bool{}, 0
	for _, c := range loadCoins() {
		require.True(t, c.geckoID != "" || c.paprikaID != "", "row %d has no id", c.index)
		require.False(t, c.geckoID != "" && gecko[c.geckoID], "%s twice", c.geckoID)
		require.False(t, c.paprikaID != "" && paprika[c.paprikaID], "%s twice", c.paprikaID)
		gecko[c.geckoID], paprika[c.paprikaID] = true, true
		if c.geckoID != "" && c.paprikaID != "" {
			pairs++
		}
		require.NotEmpty(t, c.gecko.symbol)
		require.NotEmpty(t, c.paprika.name)
	}
	require.GreaterOrEqual(t, pairs, 300)
}

func TestTableFiguresLeaveRoomToMove(t *testing.T) {
	lowest, highest, before := 1.0, 1.0, -1.0
	for _, c := range loadCoins() {
		require.Positive(t, c.price, c.geckoID)
		require.Positive(t, c.atl.price, c.geckoID)
		require.Less(t, c.atl.price, c.price, c.geckoID)
		if c.ath.price > 0 {
			require.Greater(t, c.ath.price, c.price, c.geckoID)
		}
		lowest, highest = min(lowest, c.price), max(highest, c.price)
		worth := c.price * c.circulating
		require.True(t, before < 0 || worth <= before*1.000001, "%s is out of order", c.geckoID)
		before = worth
	}
	require.Less(t, lowest, 2e-8)
	require.Greater(t, highest, 5e4)
}

func TestNamesAreThoseOfEachSource(t *testing.T) {
	for _, want := range []struct{ gecko, paprika, geckoSymbol, paprikaSymbol string }{
		{"bitcoin", "btc-bitcoin", "btc", "BTC"},
		{"the-open-network", "toncoin-the-open-network", "ton", "TONCOIN"},
		{"iota", "miota-iota", "iota", "MIOTA"},
		{"render-token", "rndr-render-token", "render", "RNDR"},
		{"bittorrent", "bttc-bittorrent-chain", "btt", "BTTC"},
		{"immutable-x", "imx-immutable-x", "imx", "IMX"},
		{"nano", "xno-nano", "xno", "XNO"},
		{"ronin", "", "ron", "RON"},
		{"radix", "", "xrd", "XRD"},
		{"", "xno-xeno-token", "xno", "XNO"},
		{"", "imx-impermax", "imx", "IMX"},
		{"", "ron-rocket-raccoon", "ron", "RON"},
		{"", "xrd-raven-dark", "xrd", "XRD"},
		{"", "ton-tokamak-network", "ton", "TON"},
		{"chia", "xch-chia-", "xch", "XCH"},
		{"1move token", "", "1mt", "1MT"},
		{"", "-", "-", "-"},
	} {
		coins := loadCoins()
		i := slices.IndexFunc(coins, func(c *coin) bool { return c.geckoID == want.gecko && c.paprikaID == want.paprika })
		require.GreaterOrEqual(t, i, 0, "%+v", want)
		require.Equal(t, want.geckoSymbol, coins[i].gecko.symbol)
		require.Equal(t, want.paprikaSymbol, coins[i].paprika.symbol)
	}
}

func TestPairsAgreeWithTheKnownOnes(t *testing.T) {
	known, err := csv.NewReader(strings.NewReader(recording(t, "identity/known_pairs.csv"))).ReadAll()
	require.NoError(t, err)
	partner, met := map[string]string{}, 0
	for _, pair := range known[1:] {
		partner[pair[0]] = pair[1]
	}
	for _, c := range loadCoins() {
		if p := partner[c.geckoID]; p != "" && c.paprikaID != "" {
			require.Equal(t, p, c.paprikaID)
			met++
		}
	}
	require.Greater(t, met, 35)
}

// Ids, symbols and names are those that the sources really had; the few that
// are newer or older than the lists are named here.
func TestListingsAreReal(t *testing.T) {
	real := map[string]string{}
	for _, r := range rows(t, recording(t, "coingecko/coins_list_2022-11-16.json")) {
		real["g:"+r["id"].(string)] = r["symbol"].(string)
	}
	for _, r := range rows(t, recording(t, "coinpaprika/coins_active_only_2022-11-16.json")) {
		real["p:"+r["id"].(string)] = r["symbol"].(string) + " " + r["name"].(string)
	}
	newer := []string{"iota", "render-token", "bitclout", "", "-", "ron-rocket-raccoon"}
	for _, c := range loadCoins() {
		if !slices.Contains(newer, c.geckoID) {
			require.Equal(t, real["g:"+c.geckoID], c.gecko.symbol, c.geckoID)
		}
		if c.paprikaID != "" {
			require.Equal(t, real["p:"+c.paprikaID], c.paprika.symbol+" "+c.paprika.name)
		}
	}
}
