package csvfile

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source"
)

func shares(pages []source.Page) []float64 {
	var all []float64
	for _, page := range pages {
		all = append(all, page.Share)
	}
	return all
}

func TestPagesTellTheirFileAndHowMuchIsRead(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"btc.csv": head + rowsOf(0, 6000), "eth.csv": "no header here", "ltc.csv": head + rowsOf(0, 2000),
	} {
		file := filepath.Join(dir, name)
		rewrite(t, file, content)
		age(t, file, 1)
	}
	pages := extract(t, dir, "")
	require.Len(t, pages, 5)
	var parts []string
	for i, page := range pages {
		parts = append(parts, page.Part)
		require.LessOrEqual(t, page.Share, 1.0)
		if i > 0 {
			require.Greater(t, page.Share, pages[i-1].Share)
		}
	}
	require.Equal(t, []string{"btc.csv", "btc.csv", "btc.csv", "eth.csv", "ltc.csv"}, parts)
	require.InDelta(t, 0.25, pages[0].Share, 0.03, "2000 rows of 8000 in all")
	require.InDelta(t, 1, pages[4].Share, 1e-9)
	require.Equal(t, shares(pages[1:]), shares(extract(t, dir, pages[0].Next)), "what was read before counts")

	file := filepath.Join(dir, "ltc.csv")
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString(rowsOf(2000, 2010))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	again := extract(t, dir, last(t, pages))
	require.Len(t, again, 2, "the new rows, and why eth.csv is left out")
	require.InDelta(t, 1, again[0].Share, 1e-9, "only what is to be read counts")
	require.InDelta(t, 1, again[1].Share, 1e-9)
	require.Empty(t, again[1].Part)
}

func TestShareIsUnknownWhereNoFileHasASize(t *testing.T) {
	e := newEndless(1 << 20)
	e.unsized = true
	pages, _, err := readAll(t, e, []string{"big.csv"}, "")
	require.NoError(t, err)
	for _, page := range pages {
		require.Zero(t, page.Share)
	}
}

func TestAFileThatIsGoneCountsNothing(t *testing.T) {
	pages, _, err := readAll(t, fstest.MapFS{"btc.csv": {Data: []byte(head + rowsOf(0, 2))}}, []string{"btc.csv", "gone.csv"}, "")
	require.ErrorContains(t, err, "gone.csv")
	require.Equal(t, []float64{1}, shares(pages))
}
