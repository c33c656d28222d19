package csvfile

import (
	"context"
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// largest is how large the files are that are tried.
const largest = 4 << 10

// read reads the files and fails on any error.
func read(t *testing.T, fsys fstest.MapFS, since market.Cursor) ([]source.Page, market.Cursor) {
	t.Helper()
	var names []string
	for name := range fsys {
		names = append(names, name)
	}
	slices.Sort(names)
	pages, next, err := readAll(t, fsys, names, since)
	require.NoError(t, err)
	return pages, next
}

// FuzzRows reads any bytes as a file.
func FuzzRows(f *testing.F) {
	for _, file := range everyFile() {
		if len(file.content) < largest {
			f.Add(file.file, []byte(file.content))
		}
	}
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if len(content) > largest || !fs.ValidPath(name) || name == "." {
			t.Skip()
		}
		fsys := fstest.MapFS{name: {Data: content}}
		pages, next := read(t, fsys, "")
		items := itemsOf(pages)
		for _, page := range pages {
			require.True(t, json.Valid([]byte(page.Next)))
			require.Equal(t, name, page.Part)
			require.False(t, page.Share < 0 || page.Share > 1)
		}
		for _, item := range items {
			require.True(t, json.Valid(item.Payload), "%s", item.Payload)
			requireReadAgain(t, item, reordered(t, item.Payload))
		}
		requireEveryLine(t, name, string(content), pages)
		again, _ := read(t, fsys, next)
		requireEnd(t, items, itemsOf(again))
	})
}

// requireEveryLine walks through the lines behind the header and demands an item for each, but for
// blank ones, in their order. A file that is refused ends it.
func requireEveryLine(t *testing.T, name, content string, pages []source.Page) {
	t.Helper()
	head := newLineReader(strings.NewReader(content))
	h, err := readHeader(head, name)
	if err != nil || len(pages) > 0 && pages[len(pages)-1].Incomplete != "" {
		require.NotEmpty(t, pages)
		last := pages[len(pages)-1]
		require.Len(t, last.Items, 1)
		require.NotEmpty(t, last.Incomplete)
		require.Equal(t, last.Incomplete, last.Items[0].Problem.Detail)
		return
	}
	lines := strings.SplitAfter(content[head.seen:], "\n")
	at := 0
	skip := func() {
		for at < len(lines) && blank(withoutEnd(lines[at]), h.delimiter) {
			at++
		}
	}
	for _, item := range itemsOf(pages) {
		skip()
		require.Less(t, at, len(lines), "an item that no line is of: %s", item.Payload)
		var got stored
		require.NoError(t, json.Unmarshal(item.Payload, &got))
		text := string(got.Base64)
		if got.Line != nil {
			text = *got.Line
		}
		if got.Row == nil {
			require.True(t, strings.HasPrefix(text, withoutEnd(lines[at])))
		}
		for _, cell := range got.Row {
			text += cell
		}
		at += 1 + strings.Count(text, "\n")
	}
	skip()
	require.Equal(t, len(lines), at, "lines that no item is of: %q", lines[min(at, len(lines)):])
}

// requireEnd demands that some items are the last of all.
func requireEnd(t *testing.T, all, end []source.Item) {
	t.Helper()
	require.LessOrEqual(t, len(end), len(all))
	if len(end) > 0 {
		require.Equal(t, all[len(all)-len(end):], end)
	}
}

// FuzzHeader reads any bytes as the first lines of a file.
func FuzzHeader(f *testing.F) {
	for _, file := range everyFile() {
		first, _, _ := strings.Cut(file.content, "\n")
		f.Add([]byte(first))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > largest {
			t.Skip()
		}
		lines := newLineReader(strings.NewReader(string(content)))
		h, err := readHeader(lines, "btc.csv")
		if err != nil {
			var refused *refusal
			require.ErrorAs(t, err, &refused)
			require.True(t, json.Valid(refused.payload))
			require.NotContains(t, refused.Error(), "\n")
			return
		}
		require.LessOrEqual(t, lines.seen, int64(len(content)))
		require.True(t, h.has(colTime) && h.has(colPrice))
		seen := map[string]bool{}
		for _, name := range h.names {
			require.False(t, name == "" || seen[name], "%q", h.names)
			seen[name] = true
		}
		mapping, used := h.mapping(), map[string]bool{}
		for _, heading := range mapping {
			require.True(t, seen[heading])
			require.False(t, used[heading], "%q stands for two columns", heading)
			used[heading] = true
		}
		again, ok := newHeader(inOrder(h.names), h.delimiter).mapped(mapping)
		require.True(t, ok)
		require.Equal(t, mapping, again.mapping())
		require.Len(t, h.guesses.warnings("btc.csv"), len(h.guesses.taken)+len(h.guesses.unclear))
	})
}

// FuzzCursor goes on from any bytes as a cursor: it is one, and no row comes twice, or it is the
// beginning.
func FuzzCursor(f *testing.F) {
	at := time.Unix(1_700_000_000, 0)
	fsys := fstest.MapFS{
		"btc.csv": {Data: []byte(head + rowsOf(0, 3)), ModTime: at},
		"eth.csv": {Data: []byte("date,close\n01/13/20,1\n01/14/20,2\n01/15/20,3"), ModTime: at},
		"ltc.csv": {Data: []byte("date\n1\n"), ModTime: at},
	}
	names := []string{"btc.csv", "eth.csv", "ltc.csv"}
	all := map[string][]source.Item{}
	for _, name := range names {
		r := &reading{fsys: fsys, cursor: decodeCursor("", names), yield: func(page source.Page, _ error) bool {
			all[page.Part] = append(all[page.Part], page.Items...)
			f.Add([]byte(page.Next))
			return true
		}}
		r.files(context.Background(), []string{name})
	}
	f.Add([]byte(`{"files":{"btc.csv":{"size":1,"offset":9223372036854775807,"sha256":"x"},"eth.csv":{"offset":-1,"dates":"dmy"}}}`))
	f.Fuzz(func(t *testing.T, cursor []byte) {
		pages, next := read(t, fsys, market.Cursor(cursor))
		got := map[string][]source.Item{}
		for _, page := range pages {
			got[page.Part] = append(got[page.Part], page.Items...)
		}
		for _, name := range names {
			requireEnd(t, all[name], got[name])
		}
		require.Empty(t, got[""])
		again, _ := read(t, fsys, next)
		require.Empty(t, itemsOf(again))
	})
}
