package identity_test

import "testing"

// They share a symbol and are never one coin, with or without prices.
func TestFalseFriends(t *testing.T) {
	requireResolved(t, []tableCase{
		{"nano, and xeno with it",
			[]string{"coingecko/nano XNO Nano", "coinpaprika/xno-xeno-token XNO Xeno Token"},
			[]string{
				"XNO Nano: coingecko/nano ALONE 1", "XNO Xeno Token: coinpaprika/xno-xeno-token ALONE 1",
				"? coingecko/nano coinpaprika/xno-xeno-token SYMBOL_AND_PRICE 0.5",
			}},
		{"nano and its partner",
			[]string{
				"coingecko/nano XNO Nano", "coinpaprika/xno-nano XNO Nano", "coinpaprika/xno-xeno-token XNO Xeno Token",
				"coingecko/xeno-token XNO Xeno",
			},
			[]string{
				"XNO Nano: coingecko/nano SYMBOL_AND_NAME 0.96, coinpaprika/xno-nano SYMBOL_AND_NAME 0.96",
				"XNO Xeno: coingecko/xeno-token EXTERNAL_ID 0.95, coinpaprika/xno-xeno-token EXTERNAL_ID 0.95",
			}},
		{"nano with prices",
			[]string{"coingecko/nano XNO Nano $0.88", "coinpaprika/xno-xeno-token XNO Xeno Token $0.0003"},
			[]string{"XNO Nano: coingecko/nano ALONE 1", "XNO Xeno Token: coinpaprika/xno-xeno-token ALONE 1"}},
		{"immutable",
			[]string{"coingecko/immutable-x IMX ImmutableX", "coinpaprika/imx-impermax IMX Impermax"},
			[]string{
				"IMX ImmutableX: coingecko/immutable-x ALONE 1", "IMX Impermax: coinpaprika/imx-impermax ALONE 1",
				"? coingecko/immutable-x coinpaprika/imx-impermax SYMBOL_AND_PRICE 0.5",
			}},
		{"immutable and its partner",
			[]string{
				"coingecko/immutable-x IMX ImmutableX $0.43", "coinpaprika/imx-immutable-x IMX Immutable X $0.43",
				"coingecko/impermax IMX Impermax [OLD] $0.05", "coinpaprika/imx-impermax IMX Impermax $0.051",
			},
			[]string{
				"IMX ImmutableX: coingecko/immutable-x SYMBOL_AND_NAME 0.98, coinpaprika/imx-immutable-x SYMBOL_AND_NAME 0.98",
				"IMX Impermax [OLD]: coingecko/impermax EXTERNAL_ID 0.97, coinpaprika/imx-impermax EXTERNAL_ID 0.97",
			}},
		{"ronin",
			[]string{"coingecko/ronin RON Ronin", "coinpaprika/ron-rocket-raccoon RON Rocket Raccoon"},
			[]string{
				"RON Ronin: coingecko/ronin ALONE 1", "RON Rocket Raccoon: coinpaprika/ron-rocket-raccoon ALONE 1",
				"? coingecko/ronin coinpaprika/ron-rocket-raccoon SYMBOL_AND_PRICE 0.5",
			}},
		{"ronin and its partner",
			[]string{
				"coingecko/ronin RON Ronin $0.36", "coingecko/rise-of-nebula RON Rise Of Nebula $0.002",
				"coinpaprika/ron-ronin-token RON Ronin Token $0.361", "coinpaprika/ron-rocket-raccoon RON Rocket Raccoon $0.000012",
			},
			[]string{
				"RON Rise Of Nebula: coingecko/rise-of-nebula ALONE 1",
				"RON Ronin: coingecko/ronin SYMBOL_AND_NAME 0.91, coinpaprika/ron-ronin-token SYMBOL_AND_NAME 0.91",
				"RON Rocket Raccoon: coinpaprika/ron-rocket-raccoon ALONE 1",
			}},
		{"radix",
			[]string{"coingecko/radix XRD Radix", "coinpaprika/xrd-raven-dark XRD Raven Dark"},
			[]string{
				"XRD Radix: coingecko/radix ALONE 1", "XRD Raven Dark: coinpaprika/xrd-raven-dark ALONE 1",
				"? coingecko/radix coinpaprika/xrd-raven-dark SYMBOL_AND_PRICE 0.5",
			}},
		{"radix with prices",
			[]string{
				"coingecko/radix XRD Radix $0.036", "coingecko/raven-dark XRD Raven Dark $0.00015",
				"coinpaprika/xrd-raven-dark XRD Raven Dark $0.00015",
			},
			[]string{
				"XRD Radix: coingecko/radix ALONE 1",
				"XRD Raven Dark: coingecko/raven-dark SYMBOL_AND_NAME 0.98, coinpaprika/xrd-raven-dark SYMBOL_AND_NAME 0.98",
			}},
		{"toncoin",
			[]string{"coingecko/toncoin TON Toncoin", "coinpaprika/ton-tokamak-network TON Tokamak Network"},
			[]string{
				"TON Toncoin: coingecko/toncoin ALONE 1", "TON Tokamak Network: coinpaprika/ton-tokamak-network ALONE 1",
				"? coingecko/toncoin coinpaprika/ton-tokamak-network SYMBOL_AND_PRICE 0.5",
			}},
		{"toncoin and its partner",
			[]string{
				"coingecko/the-open-network TON Toncoin $2.31 ^8000", "coingecko/tokamak-network TON Tokamak Network $1.4",
				"coinpaprika/toncoin-the-open-network TONCOIN Toncoin $2.3 ^8020",
				"coinpaprika/ton-tokamak-network TON Tokamak Network $1.41",
			},
			[]string{
				"TON Toncoin: coingecko/the-open-network NAME_AND_PRICE 0.86, coinpaprika/toncoin-the-open-network NAME_AND_PRICE 0.86",
				"TON Tokamak Network: coingecko/tokamak-network SYMBOL_AND_NAME 0.98, coinpaprika/ton-tokamak-network SYMBOL_AND_NAME 0.98",
			}},
	})
}
