package market_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/internal/market"
)

func TestCursorsComeBackAsTheyWere(t *testing.T) {
	scope := market.NewCursorScope("records", market.RecordFilter{})
	rapid.Check(t, func(t *rapid.T) {
		record := market.RecordKey{
			ListingID:  rapid.Int64Min(1).Draw(t, "listing"),
			ObservedAt: time.UnixMicro(rapid.Int64Range(0, 253402300799_999999).Draw(t, "micros")).UTC(),
		}
		requireSameKey(t, scope, record)
		asset := market.AssetKey{ID: rapid.Int64().Draw(t, "id"), Name: rapid.String().Draw(t, "name")}
		if rapid.Bool().Draw(t, "ranked") {
			rank := rapid.Int32().Draw(t, "rank")
			asset.Rank = &rank
		}
		requireSameKey(t, scope, asset)
		requireSameKey(t, scope, rapid.Int64().Draw(t, "number"))
	})
}

func requireSameKey[K any](t *rapid.T, s market.CursorScope, key K) {
	got, err := market.DecodeCursor[K](s, market.EncodeCursor(s, key))
	require.NoError(t, err)
	require.Equal(t, key, got)
}

func TestCursorsOfAnotherPlaceAreRefused(t *testing.T) {
	scope := market.NewCursorScope("runs", market.RunFilter{})
	good := market.EncodeCursor(scope, int64(7))
	raw, err := base64.RawURLEncoding.DecodeString(good)
	require.NoError(t, err)
	changed := func(change func(b []byte) []byte) string {
		return base64.RawURLEncoding.EncodeToString(change(append([]byte{}, raw...)))
	}
	for name, c := range map[string]struct{ cursor, says string }{
		"empty":          {"", "not made by this service"},
		"no base64":      {"?!", "not made by this service"},
		"with padding":   {base64.URLEncoding.EncodeToString(raw[:8]), "not made by this service"},
		"short":          {good[:6], "not made by this service"},
		"a number":       {"42", "not made by this service"},
		"newer version":  {changed(func(b []byte) []byte { b[0]++; return b }), "version 2"},
		"other scope":    {market.EncodeCursor(market.NewCursorScope("runs", market.RunFilter{Sources: []string{}}), int64(7)), "another list"},
		"bit of a scope": {changed(func(b []byte) []byte { b[3] ^= 1; return b }), "another list"},
		"cut":            {changed(func(b []byte) []byte { return b[:7] }), "damaged"},
		"longer":         {changed(func(b []byte) []byte { return append(b, '}') }), "damaged"},
		"other key":      {market.EncodeCursor(scope, market.AssetKey{ID: 1}), "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := market.DecodeCursor[int64](scope, c.cursor)
			require.ErrorIs(t, err, market.ErrBadCursor)
			require.ErrorContains(t, err, c.says)
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		_, err := market.DecodeCursor[market.RecordKey](scope, rapid.String().Draw(t, "cursor"))
		require.ErrorIs(t, err, market.ErrBadCursor)
	})
}

func TestScopesTellListsApart(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	filters := []market.RecordFilter{
		{}, {Sources: []string{}}, {Sources: []string{"a"}}, {Sources: []string{"a", "b"}}, {Assets: []string{"a"}}, {Symbols: []string{"a"}},
		{ObservedAt: market.TimeRange{From: &at}}, {ObservedAt: market.TimeRange{Before: &at}},
	}
	scopes := map[market.CursorScope]bool{}
	for _, f := range filters {
		for _, o := range []market.RecordOrder{market.RecordsNewestFirst, market.RecordsOldestFirst} {
			scopes[market.NewCursorScope("records", f, o)] = true
			require.Equal(t, market.NewCursorScope("records", f, o), market.NewCursorScope("records", f, o))
		}
	}
	require.Len(t, scopes, 2*len(filters))
	require.Panics(t, func() { market.NewCursorScope(func() {}) })
}

// A forged cursor must not reach the database with an instant that it cannot hold.
func TestACursorToNowhereIsBad(t *testing.T) {
	scope := market.NewCursorScope("records")
	for _, key := range []market.RecordKey{
		{ListingID: 0, ObservedAt: time.Unix(0, 0)},
		{ListingID: 1, ObservedAt: time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		_, err := market.DecodeCursor[market.RecordKey](scope, market.EncodeCursor(scope, key))
		require.ErrorIs(t, err, market.ErrBadCursor)
	}
}

// Cursors that are written by hand are those of keys that are not.
func TestCursorsOfRecordsAreThoseOfAnyKey(t *testing.T) {
	type plain market.RecordKey
	scope := market.NewCursorScope("x")
	for _, at := range []time.Time{{}, time.UnixMicro(1), time.Date(2026, 1, 2, 3, 4, 5, 120_000_000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)} {
		key := market.RecordKey{ListingID: 12, ObservedAt: at.UTC()}
		cursor := market.EncodeCursor(scope, key)
		require.Equal(t, market.EncodeCursor(scope, plain(key)), cursor)
		back, err := market.DecodeCursor[market.RecordKey](scope, cursor)
		require.NoError(t, err)
		require.Equal(t, key, back)
	}
}
