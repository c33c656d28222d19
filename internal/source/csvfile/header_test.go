package csvfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source"
)

// dialects are files of one row, each as some exporter writes it.
var dialects = map[string]struct {
	file, content string
	want          source.Item // without its payload
}{
	"bundled layout": {"prices.csv", "trade_date,ticker,close_price,trade_id\n2021-07-06,BTC,34235.19345,77\n",
		source.Item{ExternalID: "BTC", Symbol: "BTC", Amounts: source.Amounts{Price: "34235.19345"}}},
	"all coins": {"crypto-markets.csv", "slug,symbol,name,date,ranknow,open,high,low,close,volume,market,close_ratio,spread\r\n" +
		"bitcoin,BTC,Bitcoin,2021-07-06,1,135.3,135.98,132.1,134.21,0,1500520000,0.5438,3.88\r\n",
		source.Item{ExternalID: "bitcoin", Symbol: "BTC", Name: "Bitcoin", Amounts: source.Amounts{Price: "134.21",
			Open: "135.3", High: "135.98", Low: "132.1", Volume24h: "0", MarketCap: "1500520000", Rank: "1"}}},
	"CoinGecko": {"btc-usd-max.csv", "snapped_at,price,market_cap,total_volume\n2021-07-06 00:00:00 UTC,135.3,1500517590,0.0\n",
		source.Item{ExternalID: "BTC", Symbol: "BTC",
			Amounts: source.Amounts{Price: "135.3", MarketCap: "1500517590", Volume24h: "0.0"}}},
	"CoinMarketCap": {"Bitcoin_1.5.2024-1.6.2024_historical_data_coinmarketcap.csv", "\ufefftimeOpen;timeClose;timeHigh;" +
		"timeLow;name;open;high;low;close;volume;marketCap;circulatingSupply;timestamp\n" +
		`"2021-07-05T00:00:00.000Z";"2021-07-05T23:59:59.999Z";"2021-07-05T11:00:00.000Z";"2021-07-05T20:00:00.000Z";"2781";` +
		`67706.94;69500.54;66882.87;68804.78;35026523968.5;1355843459540.3;19705490;"2021-07-06T00:00:00.000Z"`,
		source.Item{ExternalID: "Bitcoin", Name: "Bitcoin", Amounts: source.Amounts{Price: "68804.78", Open: "67706.94",
			High: "69500.54", Low: "66882.87", Volume24h: "35026523968.5", MarketCap: "1355843459540.3",
			CirculatingSupply: "19705490"}}},
	"Investing.com": {"Bitcoin Historical Data - Investing.com.csv", "\ufeff\"Date\",\"Price\",\"Open\",\"High\",\"Low\",\"Vol.\",\"Change %\"\n" +
		`"Jul 06, 2021","8,746.6","8,746.7","8,846.6","8,646.6","610.66K","-1.25%"` + "\n",
		source.Item{ExternalID: "Bitcoin", Name: "Bitcoin", Amounts: source.Amounts{Price: "8746.6", Open: "8746.7",
			High: "8846.6", Low: "8646.6", Volume24h: "610660", PercentChange24h: "-1.25"}}},
	"Yahoo": {"BTC-USD.csv", "Date,Open,High,Low,Close,Adj Close,Volume\n2021-07-06,null,2,1,1.5,9,null\n",
		source.Item{ExternalID: "BTC", Symbol: "BTC", Amounts: source.Amounts{Price: "1.5", High: "2", Low: "1"}}},
	"CryptoDataDownload": {"any.csv", "https://www.CryptoDataDownload.com\nunix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n" +
		"1625529600,2001-01-01 00:00:00,BTC/USD,1,2,3,4,5,6\n",
		source.Item{ExternalID: "BTC", Symbol: "BTC", Amounts: source.Amounts{Price: "4", Open: "1", High: "2", Low: "3", Volume24h: "6"}}},
	"Kaggle": {"x.csv", "SNo,Name,Symbol,Date,High,Low,Open,Close,Volume,Marketcap\n1,Bitcoin,BTC,2021-07-06 00:00:00,3,1,2,2.5,0.0,1.47E+11\n",
		source.Item{ExternalID: "BTC", Symbol: "BTC", Name: "Bitcoin", Amounts: source.Amounts{Price: "2.5", Open: "2",
			High: "3", Low: "1", Volume24h: "0.0", MarketCap: "1.47E+11"}}},
	"tabs, milliseconds, a note and blank lines": {"Ether_price.csv", "a note\n\n Time \tClosing Price (USD)\t\n1625529600000\t$5\t\n\n\t\n",
		source.Item{ExternalID: "Ether", Name: "Ether", Amounts: source.Amounts{Price: "5"}}},
	"a coin like a pair": {"x.csv", "name;symbol;date;price\ncrvUSD;CRVUSD;2021-07-06;1\n",
		source.Item{ExternalID: "CRVUSD", Symbol: "CRVUSD", Name: "crvUSD", Amounts: source.Amounts{Price: "1"}}},
	"only a name": {"x.csv", "Coin,Date,Price\nDogecoin,2021-07-06,0.2\n",
		source.Item{ExternalID: "Dogecoin", Name: "Dogecoin", Amounts: source.Amounts{Price: "0.2"}}},
}

func TestDialects(t *testing.T) {
	for name, c := range dialects {
		t.Run(name, func(t *testing.T) {
			got := only(t, c.file, c.content)
			require.NotEmpty(t, got.Payload)
			got.Payload = nil
			c.want.ObservedAt = utc(t, "2021-07-06T00:00:00Z")
			require.Equal(t, c.want, got)
		})
	}
}

// refusedFiles cannot be read at all.
var refusedFiles = map[string]struct{ file, content, code, names string }{
	"no date":       {"btc.csv", "symbol,close\nBTC,1\n", "missing_date_column", "date"},
	"no price":      {"btc.csv", "date,open,close EUR\n2020-01-01,1,2\n", "missing_price_column", "price"},
	"no identity":   {"prices.csv", "date,close\n2020-01-01,1\n", "missing_identity", "BTC-USD.csv"},
	"not dollars":   {"ETHUSDT.csv", "date,close\n2020-01-01,1\n", "not_us_dollars", "USDT"},
	"no header":     {"btc.csv", "2020-01-01,1\n2020-01-02,1\n", "not_csv", "header"},
	"empty":         {"btc.csv", "", "not_csv", "header"},
	"not UTF-8":     {"btc.csv", "\xff\xfed\x00a\x00t\x00e\x00", "not_csv", "UTF-8"},
	"no text":       {"btc.csv", "PK\x03\x04\x00\x00", "not_csv", "UTF-8"},
	"which is when": {"btc.csv", "date,close\n1/2/20,1\n", "ambiguous_date_order", ".mdy."},
}

func TestFilesRefusedWhole(t *testing.T) {
	for name, c := range refusedFiles {
		t.Run(name, func(t *testing.T) {
			file := write(t, c.file, c.content)
			pages := extract(t, file, "")
			require.Len(t, pages, 1)
			require.Len(t, pages[0].Items, 1)
			item := pages[0].Items[0]
			require.Equal(t, c.file, item.ExternalID)
			require.Equal(t, c.code, item.Problem.Code)
			require.Contains(t, item.Problem.Detail, c.file)
			require.Contains(t, item.Problem.Detail, c.names)
			require.Equal(t, item.Problem.Detail, pages[0].Incomplete)
			require.Contains(t, string(item.Payload), `"file":"`+c.file+`","header":[`)

			again := extract(t, file, pages[0].Next)
			require.Len(t, again, 1)
			require.Empty(t, again[0].Items, "it is not stored again")
			require.Equal(t, pages[0].Incomplete, again[0].Incomplete, "but the reason stays")
			rewrite(t, file, "symbol,date,close\nETH,2020-01-31,1\n")
			mended := extract(t, file, pages[0].Next)
			require.Equal(t, "1", prices(mended))
			require.Empty(t, mended[0].Incomplete)
		})
	}
}

// A line without an end is no lack of UTF-8, wherever it is cut.
func TestALineThatIsTooLongIsNamed(t *testing.T) {
	endless := "1999-01-01,1.5,"
	for name, c := range map[string]struct{ content, why string }{
		"the first":           {strings.Repeat(endless, 200_000), "its line 1 goes on for more than 262144 bytes, the most that a line may have: put each row on a line of its own"},
		"the second":          {"prices of 1999\n" + strings.Repeat(endless, 20_000), "its line 2 goes on for more than 262144 bytes"},
		"cut within a letter": {"aa" + strings.Repeat("\u20ac", 100_000), "its line 1 goes on for more than 262144 bytes"},
		"no text":             {strings.Repeat("a", 1000) + "\x00" + strings.Repeat("a", 300_000), "no text in UTF-8"},
		"another alphabet":    {strings.Repeat("na\xefve ", 100_000), "no text in UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			item := only(t, "btc.csv", c.content)
			require.Equal(t, "not_csv", item.Problem.Code)
			require.Contains(t, item.Problem.Detail, c.why)
		})
	}
}

func TestHeadingsThatAppearTwiceAreBothKept(t *testing.T) {
	item := only(t, "btc.csv", "date,close,close,\n2020-01-01,1,2,3\n")
	require.Equal(t, "1", item.Price)
	require.JSONEq(t, `{"file":"btc.csv","row":{"date":"2020-01-01","close":"1","close (column 3)":"2","(column 4)":"3"}}`,
		string(item.Payload))
}

// Rows of one day must not fall on one instant where the time of day stands apart.
func TestDateAndTimeApart(t *testing.T) {
	for row, want := range map[string]string{
		"2021-07-06,13:30":               "2021-07-06T13:30:00Z",
		"2021-07-06,-":                   "2021-07-06T00:00:00Z",
		"2021-07-06T10:00:00Z,13:30":     "2021-07-06T10:00:00Z",
		"2021-07-06 10:00:00,1625565600": "2021-07-06T10:00:00Z",
		"1625565600,13:30":               "2021-07-06T10:00:00Z",
	} {
		item := only(t, "x.csv", "Date,Time,Symbol,Close\n"+row+",BTC,5\n")
		require.Nil(t, item.Problem, row)
		require.Equal(t, utc(t, want), item.ObservedAt, row)
	}
	item := only(t, "x.csv", "Date,Time,Symbol,Close\n2021-07-06,noon,BTC,5\n")
	require.Equal(t, "bad_time", item.Problem.Code)
}
