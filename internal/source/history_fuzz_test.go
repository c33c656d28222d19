package source_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// Whatever a checkpoint holds, what is walked is the whole of a span or its end.
func FuzzWalkCursor(f *testing.F) {
	f.Add(`{"coin":"b","from":1704326400}`)
	f.Add(`{"coin":"c","from":1704672000}`)
	f.Add(`{"coin":"x"}`)
	f.Add(`{"coin":["b"],"from":"1704326400"}`)
	f.Add(`{"coin":"a","from":9223372036854775807}`)
	f.Add(`{"coin":"a","from":-9223372036854775808}`)
	f.Add(`{"coin":"b","from":1704672000,"missed":[{"coin":"a","from":1704326400},{"coin":"x","from":1704326400}]}`)
	f.Add(`{"coin":"c","from":1704672000,"missed":[{"coin":"a","from":-1},{"coin":"b","from":1704326400},{"coin":"b","from":1704326400}]}`)
	f.Add(`{"coin":"a","from":1704067200,"missed":[{"coin":"a","from":1704067200}]}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, cursor string) {
		span := source.Span{From: on(1), To: on(8), IDs: []string{"a", "b", "c"}}
		_, whole, err := tour(t, span, "")
		require.NoError(t, err)
		_, pages, err := tour(t, span, market.Cursor(cursor))
		require.NoError(t, err)
		if len(pages) > 0 {
			require.Equal(t, whole[len(whole)-1].Next, pages[len(pages)-1].Next)
			require.InDelta(t, 1.0, pages[len(pages)-1].Share, 1e-9)
		}
	})
}
