package csvfile

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/sourcetest"
)

func TestConformsOverFiles(t *testing.T) {
	dir := t.TempDir()
	rewrite(t, filepath.Join(dir, "btc.csv"), head+rowsOf(0, 4500)+"1600009000,1")
	rewrite(t, filepath.Join(dir, "eth.dmy.csv"), "Date,Close\n1/2/20,1\n\"bad,1\n2/2/20,x\n")
	rewrite(t, filepath.Join(dir, "nodate.csv"), "symbol,close\nBTC,1\n")
	sourcetest.Run(t, sourcetest.Case{
		Name: "csv", Kind: market.KindFile, Items: 4501 + 3 + 1, Pages: 5,
		New:     func(*testing.T) source.Source { return New(dir) },
		Failing: func(*testing.T) source.Source { return New(filepath.Join(dir, "none.csv")) },
	})
}

func TestConformsOverTheBundledHistory(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{
		Name: "csv", Kind: market.KindFile, Items: 6 * 371, Pages: 2,
		New:     func(*testing.T) source.Source { return New("") },
		Failing: func(t *testing.T) source.Source { return New(t.TempDir()) },
	})
}

func TestBundledHistoryIsAYearOfSixCoins(t *testing.T) {
	type key struct {
		coin string
		at   time.Time
	}
	seen, perCoin := map[key]bool{}, map[string]int{}
	for _, item := range itemsOf(extract(t, "", "")) {
		k := key{item.ExternalID, item.ObservedAt}
		require.Nil(t, item.Problem)
		require.False(t, seen[k], "%v twice", k)
		seen[k] = true
		perCoin[item.Symbol]++
	}
	require.Equal(t, map[string]int{"ADA": 371, "BNB": 371, "BTC": 371, "DOGE": 371, "ETH": 371, "LTC": 371}, perCoin)
}
