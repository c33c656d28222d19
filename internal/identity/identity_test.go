package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
)

// tableCase is some listings as listing reads them, and what comes of them as told writes it.
type tableCase struct {
	name     string
	in, want []string
}

func requireResolved(t *testing.T, cases []tableCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			list := listings(c.in...)
			require.Equal(t, c.want, told(list, identity.Resolve(list)))
		})
	}
}

func TestNothing(t *testing.T) {
	r := identity.Resolve(nil)
	require.Empty(t, r.Groups)
	require.Empty(t, r.Candidates)
}

// By symbols, names and external ids.
func TestNames(t *testing.T) {
	requireResolved(t, []tableCase{
		{"one",
			[]string{"a/x BTC Bitcoin"},
			[]string{"BTC Bitcoin: a/x ALONE 1"}},
		{"symbol and name in any spelling",
			[]string{"b/y btc bit-COIN #2", "a/x BTC Bitcoin #1"},
			[]string{"BTC Bitcoin: a/x SYMBOL_AND_NAME 0.95, b/y SYMBOL_AND_NAME 0.95"}},
		{"a symbol alone makes a candidate only where each source has it once",
			[]string{"a/x BTC Bitcoin #1", "b/y BTC Batcoin #2", "c/z1 BTC Betcoin", "c/z2 BTC Botcoin"},
			[]string{
				"BTC Bitcoin: a/x ALONE 1", "BTC Batcoin: b/y ALONE 1", "BTC Betcoin: c/z1 ALONE 1", "BTC Botcoin: c/z2 ALONE 1",
				"? a/x b/y SYMBOL_AND_PRICE 0.5",
			}},
		{"a symbol alone is not enough",
			[]string{"a/x BTC Bitcoin #1", "b/y BTC Batcoin #2"},
			[]string{"BTC Bitcoin: a/x ALONE 1", "BTC Batcoin: b/y ALONE 1", "? a/x b/y SYMBOL_AND_PRICE 0.5"}},
		{"a name alone is not enough",
			[]string{"a/x BTC Bitcoin #1", "b/y XYZ Bitcoin #2"},
			[]string{"BTC Bitcoin: a/x ALONE 1", "XYZ Bitcoin: b/y ALONE 1", "? a/x b/y NAME_AND_PRICE 0.4"}},
		{"kin symbols under one name make a better one",
			[]string{"a/iota IOTA Iota", "b/miota-iota MIOTA Iota"},
			[]string{"IOTA Iota: a/iota ALONE 1", "MIOTA Iota: b/miota-iota ALONE 1", "? a/iota b/miota-iota NAME_AND_PRICE 0.5"}},
		{"namesakes of one source are left apart",
			[]string{"a/x BTC Bitcoin #9", "a/y BTC Bitcoin #3", "b/z BTC Bitcoin #1"},
			[]string{
				"BTC Bitcoin: b/z ALONE 1", "BTC Bitcoin: a/y ALONE 1", "BTC Bitcoin: a/x ALONE 1", "? a/x b/z SYMBOL_AND_NAME 0.6",
				"? a/y b/z SYMBOL_AND_NAME 0.6",
			}},
		{"two of one source never",
			[]string{"a/x BTC Bitcoin %0x1", "a/y BTC Bitcoin %0x1"},
			[]string{"BTC Bitcoin: a/x ALONE 1", "BTC Bitcoin: a/y ALONE 1"}},
		{"three sources at once",
			[]string{"a/x BTC Bitcoin", "b/y BTC Bitcoin", "c/z BTC Bitcoin"},
			[]string{"BTC Bitcoin: a/x SYMBOL_AND_NAME 0.95, b/y SYMBOL_AND_NAME 0.95, c/z SYMBOL_AND_NAME 0.95"}},
		{"three sources, of which one has two",
			[]string{"a/x BTC Bitcoin", "b/y BTC Bitcoin", "c/z1 BTC Bitcoin", "c/z2 BTC bitcoin"},
			[]string{
				"BTC Bitcoin: a/x ALONE 1", "BTC Bitcoin: b/y ALONE 1", "BTC Bitcoin: c/z1 ALONE 1", "BTC bitcoin: c/z2 ALONE 1",
				"? a/x b/y SYMBOL_AND_NAME 0.6", "? a/x c/z1 SYMBOL_AND_NAME 0.6", "? a/x c/z2 SYMBOL_AND_NAME 0.6",
				"? b/y c/z1 SYMBOL_AND_NAME 0.6", "? b/y c/z2 SYMBOL_AND_NAME 0.6",
			}},
		{"a name that is spelt with a filler",
			[]string{"a/x BIT Bit Coin", "a/z BIT Bitten", "b/y BIT Bitcoin"},
			[]string{"BIT Bit Coin: a/x SYMBOL_AND_NAME 0.95, b/y SYMBOL_AND_NAME 0.95", "BIT Bitten: a/z ALONE 1"}},
		{"fillers, where the symbol is unique",
			[]string{"a/bancor BNT Bancor", "b/bnt-bnt BNT Bancor Network"},
			[]string{"BNT Bancor: a/bancor SYMBOL_AND_NAME 0.89, b/bnt-bnt SYMBOL_AND_NAME 0.89"}},
		{"fillers, where the symbol is not unique",
			[]string{"a/bancor BNT Bancor", "a/bent BNT Bent", "b/bnt-bnt BNT Bancor Network"},
			[]string{
				"BNT Bancor: a/bancor ALONE 1", "BNT Bent: a/bent ALONE 1", "BNT Bancor Network: b/bnt-bnt ALONE 1",
				"? a/bancor b/bnt-bnt SYMBOL_AND_NAME 0.6",
			}},
		{"fillers, where the price says so",
			[]string{"a/bancor BNT Bancor $0.7", "a/bent BNT Bent $9", "b/bnt-bnt BNT Bancor Network $0.71"},
			[]string{"BNT Bancor: a/bancor SYMBOL_AND_NAME 0.91, b/bnt-bnt SYMBOL_AND_NAME 0.91", "BNT Bent: a/bent ALONE 1"}},
		{"fillers, where the price is a dollar",
			[]string{"a/bancor BNT Bancor $1", "a/bent BNT Bent $9", "b/bnt-bnt BNT Bancor Network $1"},
			[]string{
				"BNT Bancor: a/bancor ALONE 1", "BNT Bent: a/bent ALONE 1", "BNT Bancor Network: b/bnt-bnt ALONE 1",
				"? a/bancor b/bnt-bnt SYMBOL_AND_NAME 0.6",
			}},
		{"a name of nothing but fillers keeps them",
			[]string{"a/x DAO The DAO", "b/y DAO The Protocol"},
			[]string{"DAO The DAO: a/x ALONE 1", "DAO The Protocol: b/y ALONE 1", "? a/x b/y SYMBOL_AND_PRICE 0.5"}},
		{"an id that is the other's tail",
			[]string{"a/binancecoin BNB BNB", "b/bnb-binancecoin BNB Binance Chain Coin", "b/bnb-other BNB Other"},
			[]string{"BNB BNB: a/binancecoin EXTERNAL_ID 0.95, b/bnb-binancecoin EXTERNAL_ID 0.95", "BNB Other: b/bnb-other ALONE 1"}},
		{"a tail that is only the symbol says nothing",
			[]string{"a/ankr ANKR Ankr Network One", "a/ankr-2 ANKR Ankr Two", "b/ankr-ankr ANKR Anchor"},
			[]string{"ANKR Ankr Network One: a/ankr ALONE 1", "ANKR Ankr Two: a/ankr-2 ALONE 1", "ANKR Anchor: b/ankr-ankr ALONE 1"}},
		{"one of two that are alike",
			[]string{"a/ankr ANKR Ankr", "b/ankr-ankr ANKR Ankr", "b/ankr-ankr-network ANKR Ankr"},
			[]string{
				"ANKR Ankr: a/ankr ALONE 1", "ANKR Ankr: b/ankr-ankr ALONE 1", "ANKR Ankr: b/ankr-ankr-network ALONE 1",
				"? a/ankr b/ankr-ankr SYMBOL_AND_NAME 0.6", "? a/ankr b/ankr-ankr-network SYMBOL_AND_NAME 0.6",
			}},
		{"one of two that are alike, and the other is gone",
			[]string{"a/elrond EGLD Elrond", "b/egld-1 EGLD Elrond ~gone", "b/egld-2 EGLD Elrond"},
			[]string{"EGLD Elrond: a/elrond SYMBOL_AND_NAME 0.95, b/egld-2 SYMBOL_AND_NAME 0.95", "EGLD Elrond: b/egld-1 ALONE 1"}},
		{"one that is gone and has no successor",
			[]string{"a/elrond EGLD Elrond", "b/egld-1 EGLD Elrond ~gone"},
			[]string{"EGLD Elrond: a/elrond SYMBOL_AND_NAME 0.91, b/egld-1 SYMBOL_AND_NAME 0.91"}},
		{"an id and a symbol, where the other's name is that of a former self",
			[]string{
				"a/bittorrent BTT BitTorrent", "b/btt-bittorrent BTT BitTorrent (Old Chain)",
				"b/bttc-bittorrent-chain BTTC BitTorrent Chain",
			},
			[]string{
				"BTT BitTorrent: a/bittorrent ALONE 1", "BTT BitTorrent (Old Chain): b/btt-bittorrent ALONE 1",
				"BTTC BitTorrent Chain: b/bttc-bittorrent-chain ALONE 1", "? a/bittorrent b/btt-bittorrent EXTERNAL_ID 0.5",
				"? a/bittorrent b/bttc-bittorrent-chain NAME_AND_PRICE 0.4",
			}},
		{"a former self that the price confirms",
			[]string{"a/impermax IMX Impermax [OLD] $0.05", "b/imx-impermax IMX Impermax $0.051"},
			[]string{"IMX Impermax [OLD]: a/impermax EXTERNAL_ID 0.97, b/imx-impermax EXTERNAL_ID 0.97"}},
		{"names without letters",
			[]string{"a/x X ++", "b/x X --"},
			[]string{"X ++: a/x ALONE 1", "X --: b/x ALONE 1"}},
		{"scripts",
			[]string{"a/x BTC 比特币", "b/y BTC 比特币", "c/z BTC 比特"},
			[]string{
				"BTC 比特币: a/x SYMBOL_AND_NAME 0.95, b/y SYMBOL_AND_NAME 0.95", "BTC 比特: c/z ALONE 1", "? a/x c/z SYMBOL_AND_PRICE 0.5",
				"? b/y c/z SYMBOL_AND_PRICE 0.5",
			}},
		{"nothing but ids",
			[]string{"a/x - -", "b/x - -"},
			[]string{"half X x: a/x ALONE 1", "half X x: b/x ALONE 1"}},
		{"the first member names the asset",
			[]string{"b/y BTC Bit-Coin #1", "a/x btc BITCOIN #2", "c/z - Bitcoin"},
			[]string{"BTC BITCOIN: a/x SYMBOL_AND_NAME 0.95, b/y SYMBOL_AND_NAME 0.95, c/z NAME 0.5"}},
		{"best ranked first, then by source and id",
			[]string{"b/y ETH Ether #2", "a/x BTC Bitcoin #5", "a/z XRP Ripple", "b/x BTC Bitcoin #1", "a/a ADA Cardano"},
			[]string{
				"BTC Bitcoin: a/x SYMBOL_AND_NAME 0.96, b/x SYMBOL_AND_NAME 0.96", "ETH Ether: b/y ALONE 1",
				"ADA Cardano: a/a ALONE 1", "XRP Ripple: a/z ALONE 1",
			}},
	})
}
