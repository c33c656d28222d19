package csvfile

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFromFileName(t *testing.T) {
	for file, want := range map[string]struct {
		id    identity
		quote string
	}{
		"coin_Bitcoin.csv":                            {named("Bitcoin"), ""},
		"coin_BinanceCoin.csv":                        {named("BinanceCoin"), ""},
		"coin_TrueUSD.csv":                            {named("TrueUSD"), ""},
		"btc-usd-max.csv":                             {withSymbol("BTC"), "USD"},
		"BTC-USD.csv":                                 {withSymbol("BTC"), "USD"},
		"BTC-USD (1).csv":                             {withSymbol("BTC"), "USD"},
		"USDT-USD.csv":                                {withSymbol("USDT"), "USD"},
		"yahoo_btc-usd_nulls_2022_2023.csv":           {withSymbol("BTC"), "USD"},
		"cdd_bitstamp_btcusd_d_2022.csv":              {withSymbol("BTC"), "USD"},
		"BTC_USD Bitfinex Historical Data.csv":        {withSymbol("BTC"), "USD"},
		"bitcoin-usd.csv":                             {named("Bitcoin"), "USD"},
		"bitcoin_price.csv":                           {named("Bitcoin"), ""},
		"bitcoin_cash_price.csv":                      {named("Bitcoin Cash"), ""},
		"binance_coin_price.csv":                      {named("Binance Coin"), ""},
		"kaggle2018_bitcoin_price.csv":                {named("Bitcoin"), ""},
		"iota_price.csv":                              {named("Iota"), ""},
		"Bitcoin Historical Data - Investing.com.csv": {named("Bitcoin"), ""},
		"Bitcoin_1.5.2024-1.6.2024_historical_data_coinmarketcap.csv":       {named("Bitcoin"), ""},
		"Shiba Inu_1.5.2024-1.6.2024_historical_data_coinmarketcap (2).csv": {named("Shiba Inu"), ""},
		"bitcoin.csv":           {named("Bitcoin"), ""},
		"bitcoin.dmy.csv":       {named("Bitcoin"), ""},
		"btc.csv":               {withSymbol("BTC"), ""},
		"BTC.CSV":               {withSymbol("BTC"), ""},
		"BUSD.csv":              {withSymbol("BUSD"), ""},
		"wbtc.csv":              {withSymbol("WBTC"), ""},
		"1inch.csv":             {named("1inch"), ""},
		"btc_1d.csv":            {withSymbol("BTC"), ""},
		"deep/er/eth.csv":       {withSymbol("ETH"), ""},
		"ETHUSDT.csv":           {withSymbol("ETH"), "USDT"},
		"Binance_ETHUSDT_d.csv": {withSymbol("ETH"), "USDT"},
		"BTC-EUR.csv":           {withSymbol("BTC"), "EUR"},
		"eth-btc.csv":           {withSymbol("ETH"), "BTC"},
		"prices.csv":            {}, "data.csv": {}, "export (3).csv": {}, "2021-07.csv": {}, "daily_closes.csv": {}, "coin.csv": {},
		"all the prices that we could find somewhere.csv": {},
	} {
		id, quote := fromFileName(file)
		require.Equal(t, want.id, id, file)
		require.Equal(t, want.quote, quote, file)
	}
}

func TestSplitPair(t *testing.T) {
	for symbol, want := range map[string][2]string{
		"BTC/USD": {"BTC", "USD"}, "BTC-USD": {"BTC", "USD"}, "btc_eur": {"btc", "EUR"}, "BTCUSD": {"BTC", "USD"},
		"ETHUSDT": {"ETH", "USDT"}, "ETHBTC": {"ETH", "BTC"}, "BTCFDUSD": {"BTC", "FDUSD"}, "BTC/XYZ": {"BTC", "XYZ"},
		"BTC": {"BTC", ""}, "USDT": {"USDT", ""}, "FDUSD": {"FDUSD", ""}, "WBTC": {"WBTC", ""}, "GST-SOL": {"GST-SOL", ""},
	} {
		base, quote := splitPair(symbol, true)
		require.Equal(t, want, [2]string{base, quote}, symbol)
	}
	base, quote := splitPair("CRVUSD", false)
	require.Equal(t, "CRVUSD", base+quote)
}
