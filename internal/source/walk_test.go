package source_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// visit walks eight days in chunks of three, and stops behind a number of pages. Of the chunks that are
// named ("b 4-7", or "b" for all of them) the coin is unknown.
func visit(t *testing.T, ids string, since market.Cursor, pages int, unknown ...string) (been []string, last source.Page) {
	t.Helper()
	is := map[string]bool{}
	for _, name := range unknown {
		is[name] = true
	}
	get := func(_ context.Context, c source.Chunk) (source.Page, error) {
		name := fmt.Sprintf("%s %d-%d", c.ID, c.From.Day(), c.To.Day())
		if been = append(been, name); is[name] || is[c.ID] {
			return source.Page{Items: []source.Item{c.Unknown("id not found")}}, nil
		}
		return source.Page{}, nil
	}
	share := 0.0
	span := source.Span{From: on(1), To: on(8), IDs: strings.Fields(ids)}
	for page, err := range span.Walk(t.Context(), "coingecko", since, 72*time.Hour, get) {
		require.NoError(t, err)
		require.Empty(t, last.Incomplete, "only the last page tells")
		require.GreaterOrEqual(t, page.Share, share)
		share, last = page.Share, page
		if pages--; pages == 0 {
			break
		}
	}
	return been, last
}

// A coin that was unknown is asked for again, from where it was, and nothing else is, until it is known.
func TestWhatWasMissedIsAskedForAgain(t *testing.T) {
	_, end := visit(t, "a b c", "", 0, "a", "b 4-7")
	require.Equal(t, "2 of 3 coins are unknown to coingecko: a, b; run again, the same command asks for what was missed, and for nothing else", end.Incomplete)
	require.InDelta(t, 1.0, end.Share, 1e-9)

	been, again := visit(t, "a b c", end.Next, 0, "a", "b")
	require.Equal(t, []string{"a 1-4", "b 4-7"}, been)
	require.Equal(t, end.Next, again.Next, "missed again, they stay missed")
	require.Equal(t, end.Incomplete, again.Incomplete)

	been, cut := visit(t, "a b c", end.Next, 2)
	require.Equal(t, []string{"a 1-4", "a 4-7"}, been)
	require.Empty(t, cut.Incomplete)
	been, rest := visit(t, "a b c", cut.Next, 0, "a")
	require.Equal(t, []string{"a 7-8", "b 4-7", "b 7-8"}, been, "what was got in the meantime is kept")
	require.Equal(t, "1 of 3 coins is unknown to coingecko: a; run again, the same command asks for what was missed, and for nothing else", rest.Incomplete)

	been, done := visit(t, "a b c d", rest.Next, 0)
	require.Equal(t, []string{"a 7-8", "d 1-4", "d 4-7", "d 7-8"}, been, "and a list may have grown")
	require.Empty(t, done.Incomplete)
	require.InDelta(t, 1.0, done.Share, 1e-9)
	been, _ = visit(t, "a b c d", done.Next, 0)
	require.Empty(t, been)
}

// A run that was cut off asks for what it missed before it goes on.
func TestWhatWasMissedComesFirst(t *testing.T) {
	_, cut := visit(t, "a b c", "", 3, "a")
	been, end := visit(t, "a b c", cut.Next, 0)
	require.Equal(t, []string{"a 1-4", "a 4-7", "a 7-8", "b 7-8", "c 1-4", "c 4-7", "c 7-8"}, been)
	require.Empty(t, end.Incomplete)
	require.InDelta(t, 1.0, end.Share, 1e-9)
}

// A few are named. There is room for a thousand: one more ends the run where it is, and none is forgotten.
func TestWhatWasMissedIsBounded(t *testing.T) {
	ids := []string{"alive"}
	for i := range 1001 {
		ids = append(ids, fmt.Sprintf("?%d", i))
	}
	span := source.Span{From: on(1), To: on(2), IDs: ids[:1001]}
	_, pages, err := tour(t, span, "")
	require.NoError(t, err)
	require.Contains(t, pages[1000].Incomplete, "1000 of 1001 coins are unknown to coingecko: ?0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ...; run again")

	span.IDs = ids
	_, pages, err = tour(t, span, pages[1000].Next)
	require.ErrorContains(t, err, "1000 coins are unknown to coingecko already")
	require.ErrorContains(t, err, "--asset")
	require.Len(t, pages, 1000)
	span.IDs = slices.Concat(ids[:500], []string{"mended"}, ids[501:])
	cursor := market.Cursor(strings.Replace(string(pages[999].Next), `"?499"`, `"mended"`, 1))
	_, pages, err = tour(t, span, cursor)
	require.NoError(t, err, "one that has come back makes room")
	require.Contains(t, pages[1000].Incomplete, "1000 of 1002 coins")
}
