package csvfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/source"
)

// A file whose rows turn unreadable is refused from there on; those before it and behind it are read.
func TestUnreadableRowsKeepNoOtherFileAway(t *testing.T) {
	dir := t.TempDir()
	bad := head + rowsOf(0, 2100)
	bad = strings.Replace(bad, rowsOf(2000, 2100), strings.ReplaceAll(rowsOf(2000, 2100), ".5", ".n/a"), 1)
	for name, content := range map[string]string{"ada.csv": head + rowsOf(0, 1), "btc.csv": bad, "eth.csv": head + rowsOf(7, 8)} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	pages := extract(t, dir, "")
	items := itemsOf(pages)
	require.Len(t, items, 1+2000+1+1)
	refused := items[2001]
	require.Equal(t, "unreadable_rows", refused.Problem.Code)
	require.Equal(t, "btc.csv", refused.ExternalID)
	require.Contains(t, refused.Problem.Detail, "100 of 100 rows")
	require.Equal(t, "7.5", items[2002].Price)

	cursor := last(t, pages)
	again := extract(t, dir, cursor)
	require.Empty(t, itemsOf(again))
	require.Contains(t, again[0].Incomplete, "btc.csv")
	rewrite(t, filepath.Join(dir, "btc.csv"), head+rowsOf(0, 2100))
	mended := itemsOf(extract(t, dir, cursor))
	require.Len(t, mended, 100, "read on from where it was left")
	require.Equal(t, "2000.5", mended[0].Price)
}

// What was decided of a refused file does not hold for the one that replaces it.
func TestAReplacedFileIsJudgedAnew(t *testing.T) {
	days := func(format string, from, to int, price string) string {
		var b strings.Builder
		b.WriteString("date,symbol,close\n")
		for day := from; day <= to; day++ {
			fmt.Fprintf(&b, format+",BTC,%s\n", day, price)
		}
		return b.String()
	}
	file := write(t, "btc.csv", days("%02d/01/2020", 1, 28, "none"))
	refused := extract(t, file, "")
	require.Equal(t, "unreadable_rows", refused[0].Items[0].Problem.Code)
	rewrite(t, file, days("01/%02d/2020", 1, 28, "5"))
	items := itemsOf(extract(t, file, last(t, refused)))
	require.Len(t, items, 28)
	for i, item := range items {
		require.Nil(t, item.Problem)
		require.Equal(t, time.Date(2020, 1, i+1, 0, 0, 0, 0, time.UTC), item.ObservedAt)
	}
}

func TestAFileOfTheFutureIsRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString("date,symbol,close\n")
	for day := 1; day <= 28; day++ {
		fmt.Fprintf(&b, "2099-01-%02d,BTC,5\n", day)
	}
	item := only(t, "btc.csv", b.String())
	require.Equal(t, "unreadable_rows", item.Problem.Code)
	require.Contains(t, item.Problem.Detail, "2099-01-01")
}

// A page of rows that are fine to the eye and no records nevertheless costs its own file only.
func TestRowsThatCannotBeRecordsKeepNoOtherFileAway(t *testing.T) {
	for name, c := range map[string]struct{ header, row, detail string }{
		"a price beyond":     {"date,symbol,close", "2020-01-%02d,BTC,1e200", "larger or finer"},
		"a negative price":   {"date,symbol,close", "2020-01-%02d,BTC,-5", "cannot be negative"},
		"half a rank":        {"date,symbol,close,rank", "2020-01-%02d,BTC,1,1.5", "whole number"},
		"no price":           {"date,symbol,close", "2020-01-%02d,BTC,-", "no price"},
		"an endless number":  {"date,symbol,close", "2020-01-%02d,BTC,1" + strings.Repeat("0", 300), "longer than any"},
		"an over-long name":  {"date,name,close", "2020-01-%02d," + strings.Repeat("x", 600) + ",1", "600 bytes"},
		"an over-long slug":  {"date,slug,close", "2020-01-%02d," + strings.Repeat("x", 600) + ",1", "600 bytes"},
		"the future":         {"date,symbol,close", "2099-01-%02d,BTC,1", "2099-01-01T00:00:00Z lies more than 24h0m0s ahead"},
		"a volume beyond it": {"date,symbol,close,volume", "2020-01-%02d,BTC,1,1e-300", "larger or finer"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := c.header + "\n"
			for day := 1; day <= 28; day++ {
				bad += fmt.Sprintf(c.row, day) + "\n"
			}
			file := write(t, "bad.csv", bad)
			rewrite(t, filepath.Join(filepath.Dir(file), "eth.csv"), head+rowsOf(7, 8))
			pages := extract(t, filepath.Dir(file), "")
			require.Len(t, pages, 2)
			require.Equal(t, "unreadable_rows", pages[0].Items[0].Problem.Code)
			require.Contains(t, pages[0].Incomplete, c.detail)
			require.Equal(t, " 7.5", prices(pages))
			again := extract(t, file, "")
			require.Equal(t, pages[0].Items, again[0].Items, "the reason is the same every time")
		})
	}
}

// Fewer than the least number are rejected one by one, and the file is read on.
func TestSomeRowsThatCannotBeRecordsAreItems(t *testing.T) {
	items := itemsOf(extract(t, write(t, "btc.csv", "date,close\n"+strings.Repeat("2020-01-01,1e200\n", 24)+"2020-01-02,1\n"), ""))
	require.Len(t, items, 25)
	batch := ingest.Normalise("csv", source.Page{Items: items, FetchedAt: time.Now()})
	require.Len(t, batch.Rejections, 24)
	require.Len(t, batch.Observations, 1)
}
