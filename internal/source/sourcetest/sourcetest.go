// Package sourcetest holds the conformance suite that every source must pass: what the contract
// of source.Source promises, checked against a real upstream (an httptest server, files).
package sourcetest

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// Case is a source and what its upstream holds.
type Case struct {
	// Name and Kind are what the source must say of itself.
	Name string
	Kind string
	// New opens the source. Every call, within one test, meets an upstream that says the same.
	New func(t *testing.T) source.Source
	// Items is how many items the upstream holds, unreadable ones included: at least 1.
	Items int
	// Pages is how many pages they come in. With 2 or more, resuming is put to the test.
	Pages int
	// Repeats is true where the cursor of the last page begins anew (an API that states the
	// present), false where nothing more comes from there (a file that was read to its end).
	Repeats bool
	// Failing opens the source over an upstream that cannot be read, at once or after a while.
	Failing func(t *testing.T) source.Source
}

// Run runs the suite.
func Run(t *testing.T, c Case) {
	t.Helper()
	pages := extract(t, c.New(t), "")
	t.Run("introduces itself", func(t *testing.T) { introducesItself(t, c) })
	t.Run("yields whole pages", func(t *testing.T) { yieldsWholePages(t, c, pages) })
	t.Run("yields readable items", func(t *testing.T) { yieldsReadableItems(t, pages) })
	t.Run("reads its items again", func(t *testing.T) { readsItsItemsAgain(t, c, pages) })
	t.Run("tells how far it is", func(t *testing.T) { tellsHowFar(t, pages) })
	t.Run("keeps no state", func(t *testing.T) { keepsNoState(t, c, pages) })
	t.Run("gives its slices away", func(t *testing.T) { givesItsSlicesAway(t, c, pages) })
	t.Run("resumes behind every page", func(t *testing.T) { resumes(t, c, pages) })
	t.Run("goes on after the last page", func(t *testing.T) { goesOn(t, c, pages) })
	t.Run("begins where a cursor is of no use", func(t *testing.T) { beginsAnew(t, c, pages) })
	t.Run("stops with its consumer", func(t *testing.T) { stopsWithConsumer(t, c) })
	t.Run("stops with its context", func(t *testing.T) { stopsWithContext(t, c, pages) })
	t.Run("fails once and clearly", func(t *testing.T) { failsOnce(t, c) })
}

// extract reads everything behind the cursor.
func extract(t *testing.T, s source.Source, since market.Cursor) []source.Page {
	t.Helper()
	var pages []source.Page
	for page, err := range s.Extract(t.Context(), since) {
		require.NoError(t, err)
		pages = append(pages, page)
	}
	return pages
}

// items strings the items of the pages together.
func items(pages []source.Page) []source.Item {
	var all []source.Item
	for _, page := range pages {
		all = append(all, page.Items...)
	}
	return all
}

// sameItems compares item by item, so that a difference is shown as one item and not as thousands.
func sameItems(t *testing.T, want, got []source.Page, msg string) {
	t.Helper()
	wanted, found := items(want), items(got)
	require.Len(t, found, len(wanted), msg)
	for i := range wanted {
		require.Equal(t, wanted[i], found[i], "%s: item %d", msg, i)
	}
}

// failure reads until the sequence ends and returns the pages and the errors it yielded; onPage
// is called after each page.
func failure(ctx context.Context, t *testing.T, s source.Source, onPage func()) ([]source.Page, error) {
	t.Helper()
	var pages []source.Page
	var last error
	for page, err := range s.Extract(ctx, "") {
		require.NoError(t, last, "something came after the error")
		if last = err; err != nil {
			require.Empty(t, page.Items, "items came together with an error")
			continue
		}
		pages = append(pages, page)
		onPage()
	}
	return pages, last
}

// oneLine checks that an error can stand in a log line and in the column of a run.
func oneLine(t *testing.T, err error) {
	t.Helper()
	require.NotEmpty(t, err.Error())
	require.NotContains(t, err.Error(), "\n")
	require.Equal(t, strings.TrimSpace(err.Error()), err.Error())
	require.Less(t, len(err.Error()), 1000)
}
