package csvfile

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source"
)

func recordings(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("RECORDINGS_DIR")
	if dir == "" {
		t.Skip("RECORDINGS_DIR is not set")
	}
	return filepath.Join(dir, "csv")
}

// total sums the figures of a column as the file has them, read in another way than the source does.
func total(t *testing.T, rows [][]string, column string) decimal.Decimal {
	t.Helper()
	at := slices.Index(rows[0], column)
	require.GreaterOrEqual(t, at, 0, column)
	sum := decimal.Zero
	for _, row := range rows[1:] {
		if cell := strings.ReplaceAll(row[at], ",", ""); cell != "null" && cell != "-" {
			sum = sum.Add(decimal.RequireFromString(cell))
		}
	}
	return sum
}

func TestRecordingsToTheDigit(t *testing.T) {
	for file, c := range map[string]struct {
		close, volume, marketCap  string // columns
		coins, first              string
		rowsBeforeHeader, noPrice int
	}{
		"cdd_bitstamp_btcusd_d_2022.csv":               {"close", "Volume USD", "", "BTC", "2022-08-20T00:00:00Z", 1, 0},
		"kaggle2018_bitcoin_price.csv":                 {"Close", "Volume", "Market Cap", "Bitcoin", "2018-02-20T00:00:00Z", 0, 0},
		"kaggle_srk_aave_market_data.csv":              {"Close", "Volume", "Marketcap", "AAVE", "2020-10-05T23:59:59Z", 0, 0},
		"kaggle_srk_coin_Bitcoin.csv":                  {"Close", "Volume", "Marketcap", "BTC", "2013-04-29T23:59:59Z", 0, 0},
		"kaggle_srk_excelresave_crlf_coin_Bitcoin.csv": {"Close", "Volume", "Marketcap", "BTC", "2017-01-01T23:59:00Z", 0, 0},
		"kaggle_srk_excelresave_sixcrypto.csv":         {"Close", "Volume", "Marketcap", "ADA BNB BTC DOGE ETH LTC", "2017-01-01T00:00:00Z", 0, 0},
		"yahoo_btc-usd_nulls_2022_2023.csv":            {"Close", "Volume", "", "BTC", "2022-08-06T00:00:00Z", 0, 3},
	} {
		t.Run(file, func(t *testing.T) {
			path := filepath.Join(recordings(t), file)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			reader := csv.NewReader(bytes.NewReader(text))
			reader.FieldsPerRecord = -1
			rows, err := reader.ReadAll()
			require.NoError(t, err)
			rows = rows[c.rowsBeforeHeader:]

			items := itemsOf(extract(t, path, ""))
			require.Len(t, items, len(rows)-1)
			require.Equal(t, utc(t, c.first), items[0].ObservedAt)
			price, volume, marketCap, noPrice := decimal.Zero, decimal.Zero, decimal.Zero, 0
			coins, keys := map[string]bool{}, map[string]bool{}
			for _, item := range items {
				require.Nil(t, item.Problem)
				coins[item.ExternalID] = true
				keys[item.ExternalID+item.ObservedAt.String()] = true
				price, volume = price.Add(number(item.Price)), volume.Add(number(item.Volume24h))
				marketCap = marketCap.Add(number(item.MarketCap))
				if item.Price == "" {
					noPrice++
				}
			}
			require.Len(t, keys, len(items), "two rows of one coin have the same time")
			require.Equal(t, c.noPrice, noPrice)
			var names []string
			for coin := range coins {
				names = append(names, coin)
			}
			slices.Sort(names)
			require.Equal(t, c.coins, strings.Join(names, " "))
			require.Equal(t, total(t, rows, c.close).String(), price.String())
			require.Equal(t, total(t, rows, c.volume).String(), volume.String())
			if c.marketCap != "" {
				require.Equal(t, total(t, rows, c.marketCap).String(), marketCap.String())
			}
		})
	}
}

func number(text string) decimal.Decimal {
	if text == "" {
		return decimal.Zero
	}
	return decimal.RequireFromString(text)
}

func TestRecordingWithoutDatesIsRefusedWhole(t *testing.T) {
	pages := extract(t, filepath.Join(recordings(t), "crypto-markets_nodate_crlf.csv"), "")
	require.Len(t, pages, 1)
	require.Len(t, pages[0].Items, 1)
	require.Equal(t, "missing_date_column", pages[0].Items[0].Problem.Code)
	require.Contains(t, pages[0].Incomplete, "crypto-markets_nodate_crlf.csv is refused: it has no column with a date")
}

func TestRecordingsTogether(t *testing.T) {
	dir := recordings(t)
	pages := extract(t, dir, "")
	require.Len(t, itemsOf(pages), 2823+1+1760+275+2991+1648+9408+366)
	require.Empty(t, itemsOf(extract(t, dir, last(t, pages))), "a second run finds nothing new")
	for i, page := range pages[1:] { // cut off behind any page, the next one is the same
		for resumed, err := range New(dir).Extract(t.Context(), pages[i].Next) {
			require.NoError(t, err)
			require.Equal(t, page.Next, resumed.Next)
			require.Equal(t, payloads(page), payloads(resumed))
			break
		}
	}
}

func payloads(page source.Page) string {
	var all strings.Builder
	for _, item := range page.Items {
		all.Write(item.Payload)
	}
	return all.String()
}

// TestBundledHistoryIsReal compares the bundled figures with the recording they were taken from.
func TestBundledHistoryIsReal(t *testing.T) {
	real := map[string]string{}
	for _, item := range itemsOf(extract(t, filepath.Join(recordings(t), "kaggle_srk_excelresave_sixcrypto.csv"), "")) {
		real[item.Symbol+item.ObservedAt.String()] = item.Price
	}
	for _, item := range itemsOf(extract(t, "", "")) {
		require.Equal(t, real[item.Symbol+item.ObservedAt.String()], item.Price)
	}
}
