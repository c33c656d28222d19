package csvfile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

const head = "date,close\n"

// rowsOf makes the rows from up to below to.
func rowsOf(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "%d,%d.5\n", 1_600_000_000+i, i)
	}
	return b.String()
}

func TestChanges(t *testing.T) {
	for name, c := range map[string]struct{ before, after, want string }{
		"appended":                   {head + rowsOf(0, 2), head + rowsOf(0, 4), "2.5 3.5"},
		"same":                       {head + rowsOf(0, 2), head + rowsOf(0, 2), ""},
		"replaced, same size":        {head + rowsOf(0, 2), head + rowsOf(5, 7), "5.5 6.5"},
		"replaced by a longer one":   {head + rowsOf(0, 2), head + rowsOf(5, 8), "5.5 6.5 7.5"},
		"replaced by a shorter one":  {head + rowsOf(0, 3), head + rowsOf(0, 1), "0.5"},
		"another header":             {head + rowsOf(0, 2), "unix,price\n" + rowsOf(0, 2), "0.5 1.5"},
		"last line ended":            {head + "1600000000,0.5", head + rowsOf(0, 2), "0.5 1.5"},
		"last line was half written": {head + rowsOf(0, 1) + "1600000001,1.", head + rowsOf(0, 3), "1.5 2.5"},
		"last line again":            {head + rowsOf(0, 1) + "1600000001,1.5", head + rowsOf(0, 1) + "1600000001,1.5", "1.5"},
		"header was half written":    {"date,clo", head + rowsOf(0, 1), "0.5"},
		"header without its end":     {"date,close", head + rowsOf(0, 1), "0.5"},
		"CRLF cut in two":            {"date,close\r\n1600000000,0.5\r", "date,close\r\n1600000000,0.5\r\n", "0.5"},
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, "btc.csv", c.before)
			age(t, file, 1)
			cursor := last(t, extract(t, file, ""))
			require.Empty(t, itemsOf(extract(t, file, cursor)), "nothing has changed")
			rewrite(t, file, c.after)
			age(t, file, 2)
			again := extract(t, file, cursor)
			require.Equal(t, c.want, prices(again))
			require.Empty(t, extract(t, file, last(t, again)), "nothing has changed since")
		})
	}
}

func TestResumesBehindEveryPage(t *testing.T) {
	dir := t.TempDir()
	rewrite(t, filepath.Join(dir, "btc.csv"), head+rowsOf(0, 2*pageRows)) // ends with a page
	rewrite(t, filepath.Join(dir, "eth.csv"), head+rowsOf(10_000, 12_500)+"\n\n")
	rewrite(t, filepath.Join(dir, "prices.csv"), head)
	pages := extract(t, dir, "")
	require.Len(t, pages, 5)
	for i, page := range pages {
		require.Equal(t, prices(pages[i+1:]), prices(extract(t, dir, page.Next)), "behind page %d", i)
	}
	// A file that goes on growing while it is read in the middle is resumed all the same.
	rewrite(t, filepath.Join(dir, "btc.csv"), head+rowsOf(0, 2*pageRows+1))
	grown := extract(t, dir, pages[0].Next)
	require.Equal(t, "2000.5", grown[0].Items[0].Price)
	require.Equal(t, "4000.5", grown[1].Items[0].Price)
}

func TestPageBytesAddUpToTheFile(t *testing.T) {
	for _, end := range []string{"", "1600009999,1", "\n\n"} {
		content := "\ufeff" + head + rowsOf(0, 5000) + "\n" + end
		var sum int64
		for _, page := range extract(t, write(t, "btc.csv", content), "") {
			sum += page.Bytes
		}
		require.EqualValues(t, len(content), sum)
	}
}

func TestFilesAreFollowedByTheirNames(t *testing.T) {
	dir := t.TempDir()
	rewrite(t, filepath.Join(dir, "btc.csv"), head+rowsOf(0, 1))
	rewrite(t, filepath.Join(dir, "notes.txt"), head+rowsOf(7, 8))
	cursor := last(t, extract(t, dir, ""))
	rewrite(t, filepath.Join(dir, "ada.CSV"), head+rowsOf(1, 2))
	require.Equal(t, "1.5", prices(extract(t, dir, cursor)))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	rewrite(t, filepath.Join(dir, "sub", "xrp.csv"), head+rowsOf(3, 4))
	require.Equal(t, "0.5", prices(extract(t, filepath.Join(dir, "*.csv"), "")))
	require.Equal(t, "3.5", prices(extract(t, filepath.Join(dir, "*", "*.csv"), "")))
	require.JSONEq(t, `{"file":"sub/xrp.csv","row":{"date":"1600000003","close":"3.5"}}`,
		string(extract(t, filepath.Join(dir, "*", "*.csv"), "")[0].Items[0].Payload))
}

func TestPathThatMatchesNothing(t *testing.T) {
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none.csv"), filepath.Join(t.TempDir(), "*.csv"), "[/x.csv"} {
		for _, err := range New(path).Extract(t.Context(), "") {
			require.ErrorContains(t, err, "CSV_PATH")
			require.ErrorContains(t, err, path)
			require.ErrorContains(t, err, "a directory that holds *.csv")
		}
	}
}

// countingFS counts how often files are opened, and fails for one name.
type countingFS struct {
	fs.FS
	opened int
	broken string
}

func (c *countingFS) Open(name string) (fs.File, error) {
	c.opened++
	if name == c.broken {
		return nil, fs.ErrPermission
	}
	return c.FS.Open(name)
}

func (c *countingFS) Stat(name string) (fs.FileInfo, error) { return fs.Stat(c.FS, name) }

func TestUnchangedFilesAreNotOpened(t *testing.T) {
	file := write(t, "btc.csv", head+rowsOf(0, 3)+"1600000009,9")
	fsys := &countingFS{FS: os.DirFS(filepath.Dir(file))}
	_, cursor, err := readAll(t, fsys, []string{"btc.csv"}, "")
	require.NoError(t, err)
	require.Positive(t, fsys.opened)
	fsys.opened = 0
	pages, _, err := readAll(t, fsys, []string{"btc.csv"}, cursor)
	require.NoError(t, err)
	require.Empty(t, pages)
	require.Zero(t, fsys.opened)
}

func TestFileThatCannotBeReadKeepsNoOtherAway(t *testing.T) {
	fsys := &countingFS{broken: "ada.csv", FS: fstest.MapFS{
		"ada.csv": {Data: []byte(head + rowsOf(0, 1))}, "btc.csv": {Data: []byte(head + rowsOf(1, 2))}}}
	pages, cursor, err := readAll(t, fsys, []string{"ada.csv", "btc.csv"}, "")
	require.ErrorIs(t, err, fs.ErrPermission)
	require.ErrorContains(t, err, "ada.csv")
	require.Equal(t, "1.5", prices(pages))
	fsys.broken = ""
	pages, _, err = readAll(t, fsys, []string{"ada.csv", "btc.csv"}, cursor)
	require.NoError(t, err)
	require.Equal(t, "0.5", prices(pages))
}

// readAll reads from a file system and returns the pages, the last cursor and the error.
func readAll(t *testing.T, fsys fs.FS, names []string, since market.Cursor) (pages []source.Page, _ market.Cursor, failed error) {
	t.Helper()
	r := &reading{fsys: fsys, cursor: decodeCursor(since, names), yield: func(page source.Page, err error) bool {
		if failed = err; err == nil {
			pages, since = append(pages, page), page.Next
		}
		return true
	}}
	r.files(t.Context(), names)
	return pages, since, failed
}

func TestFilesWithoutTimeAreComparedByTheirHash(t *testing.T) {
	fsys := fstest.MapFS{"btc.csv": {Data: []byte(head + rowsOf(0, 2))}}
	_, cursor, err := readAll(t, fsys, []string{"btc.csv"}, "")
	require.NoError(t, err)
	pages, _, err := readAll(t, fsys, []string{"btc.csv"}, cursor)
	require.NoError(t, err)
	require.Empty(t, pages)
	fsys["btc.csv"].Data = []byte(head + rowsOf(5, 7)) // the same size
	pages, _, err = readAll(t, fsys, []string{"btc.csv"}, cursor)
	require.NoError(t, err)
	require.Equal(t, "5.5 6.5", prices(pages))
}
