package csvfile

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// write makes a file in a fresh directory and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	rewrite(t, file, content)
	return file
}

func rewrite(t *testing.T, file, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
}

// age sets when the file was changed, some minutes after a fixed time.
func age(t *testing.T, file string, minutes int) {
	t.Helper()
	at := time.Date(2024, 1, 1, 0, minutes, 0, 0, time.UTC)
	require.NoError(t, os.Chtimes(file, at, at))
}

// extract reads everything behind the cursor, and every item again from what was stored of it.
func extract(t *testing.T, path string, since market.Cursor) []source.Page {
	t.Helper()
	var pages []source.Page
	for page, err := range New(path).Extract(t.Context(), since) {
		require.NoError(t, err)
		pages = append(pages, page)
		for _, item := range page.Items {
			requireReadAgain(t, item, reordered(t, item.Payload))
		}
	}
	return pages
}

// requireReadAgain reads an item again from its payload, and from how a database gives that back.
func requireReadAgain(t testing.TB, item source.Item, stored []byte) {
	t.Helper()
	for _, payload := range [][]byte{item.Payload, stored} {
		again := New("").Item(payload)
		require.Equal(t, string(payload), string(again.Payload))
		again.Payload = item.Payload
		require.Equal(t, item, again, "%s", payload)
	}
}

// reordered gives the fields of a payload another order, as a database may.
func reordered(t testing.TB, payload []byte) []byte {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal(payload, &fields), "%s", payload)
	out, err := json.MarshalIndent(fields, "", " ")
	require.NoError(t, err)
	return out
}

func itemsOf(pages []source.Page) []source.Item {
	items := []source.Item{}
	for _, page := range pages {
		items = append(items, page.Items...)
	}
	return items
}

// prices lists the prices, which serve as names of the rows.
func prices(pages []source.Page) string {
	var all []string
	for _, item := range itemsOf(pages) {
		all = append(all, item.Price)
	}
	return strings.Join(all, " ")
}

func last(t *testing.T, pages []source.Page) market.Cursor {
	t.Helper()
	require.NotEmpty(t, pages)
	return pages[len(pages)-1].Next
}

// only reads a file of the name and the content that has one row.
func only(t *testing.T, name, content string) source.Item {
	t.Helper()
	items := itemsOf(extract(t, write(t, name, content), ""))
	require.Len(t, items, 1)
	return items[0]
}

func utc(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	require.NoError(t, err)
	return at.UTC()
}
