package csvfile

import (
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

// extract reads everything behind the cursor.
func extract(t *testing.T, path string, since market.Cursor) []source.Page {
	t.Helper()
	var pages []source.Page
	for page, err := range New(path).Extract(t.Context(), since) {
		require.NoError(t, err)
		pages = append(pages, page)
	}
	return pages
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
