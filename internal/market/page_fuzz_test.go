package market_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// A cursor that a client made up is refused as one, and one that is taken means the same when it
// is written again.
func FuzzDecodeCursor(f *testing.F) {
	scope := market.NewCursorScope("records", market.RecordFilter{})
	rank := int32(7)
	f.Add(market.EncodeCursor(scope, int64(42)))
	f.Add(market.EncodeCursor(scope, market.RecordKey{ListingID: 1, ObservedAt: time.Date(2024, 1, 31, 12, 0, 0, 1000, time.UTC)}))
	f.Add(market.EncodeCursor(scope, market.AssetKey{Rank: &rank, ID: 3}))
	f.Add(market.EncodeCursor(scope, market.AssetKey{Name: "\u0000é", ID: -1}))
	f.Add(market.EncodeCursor(scope, map[string]any{"f": "1e1000000000", "i": 1}))
	f.Add(market.EncodeCursor(scope, map[string]any{"f": "-01.50", "i": 1}))
	f.Add(market.EncodeCursor(scope, map[string]any{"ListingID": 1e99, "ObservedAt": "9999-12-31T23:59:59+23:59"}))
	f.Add(market.EncodeCursor(market.NewCursorScope("runs"), int64(42)))
	f.Add("")
	f.Add("AQ==")
	f.Fuzz(func(t *testing.T, cursor string) {
		comesBack[int64](t, scope, cursor)
		comesBack[market.AssetKey](t, scope, cursor)
		if key, ok := comesBack[market.RecordKey](t, scope, cursor); ok {
			require.Positive(t, key.ListingID)
			_, err := key.ObservedAt.MarshalJSON()
			require.NoError(t, err, "a time that no answer can hold")
		}
	})
}

func comesBack[K any](t *testing.T, s market.CursorScope, cursor string) (key K, ok bool) {
	t.Helper()
	key, err := market.DecodeCursor[K](s, cursor)
	if err != nil {
		require.ErrorIs(t, err, market.ErrBadCursor)
		return key, false
	}
	plain := market.EncodeCursor(s, key)
	again, err := market.DecodeCursor[K](s, plain)
	require.NoError(t, err)
	require.Equal(t, plain, market.EncodeCursor(s, again))
	return key, true
}
