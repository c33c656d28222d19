package sourcetest

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source"
)

// readsItsItemsAgain reads every payload anew: the bytes that came, and what jsonb makes of them.
func readsItsItemsAgain(t *testing.T, c Case, pages []source.Page) {
	s := c.New(t)
	for i, item := range items(pages) {
		before := string(item.Payload)
		require.Equal(t, item, s.Item(item.Payload), "item %d, read again from %s", i, before)
		require.Equal(t, before, string(item.Payload), "item %d: its payload was written to", i)
		if item.Problem != nil {
			continue // it never gets into jsonb, which could not hold every such payload
		}
		kept := JSONB(item.Payload)
		again := s.Item([]byte(kept))
		require.Equal(t, kept, string(again.Payload), "item %d", i)
		sameAmounts(t, item, again)
		again.Payload, again.Amounts = item.Payload, item.Amounts
		require.Equal(t, item, again, "item %d, read again from %s", i, kept)
	}
}

// sameAmounts compares what the texts of the amounts mean: jsonb writes 4.37e-06 as 0.00000437.
func sameAmounts(t *testing.T, want, got source.Item) {
	t.Helper()
	found := amounts(got.Amounts)
	for name, text := range amounts(want.Amounts) {
		if text == "" || found[name] == "" {
			require.Equal(t, text, found[name], "%s of %s", name, want.Payload)
			continue
		}
		a, err := decimal.NewFromString(text)
		require.NoError(t, err)
		b, err := decimal.NewFromString(found[name])
		require.NoError(t, err)
		require.True(t, a.Equal(b), "%s of %s: %s was read again as %s", name, want.Payload, text, found[name])
	}
}

// tellsHowFar checks that the share that is read grows to the whole, or is never told.
func tellsHowFar(t *testing.T, pages []source.Page) {
	before := 0.0
	for i, page := range pages {
		require.GreaterOrEqual(t, page.Share, before, "page %d: less is read than before", i)
		require.LessOrEqual(t, page.Share, 1.0, "page %d: more than all is read", i)
		before = page.Share
	}
	require.Contains(t, []float64{0, 1}, before, "share behind the last page")
}
