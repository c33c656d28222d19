package postgres_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// walk pages through a whole list by cursors, as a client does, and returns it in list order.
// after, where not nil, is called behind each page.
func walk[T, K any](t testing.TB, w market.Window[K], key func(T) K, read func(market.Window[K]) (market.Page[T], error), after func()) []T {
	t.Helper()
	scope := market.NewCursorScope(t.Name())
	var list []T
	for {
		page, err := read(w)
		require.NoError(t, err)
		if w.Backward {
			slices.Reverse(page.Items)
		}
		list = append(list, page.Items...)
		if after != nil {
			after()
		}
		if !page.More {
			break
		}
		require.Len(t, page.Items, w.Size, "a page with more behind it is full")
		last, err := market.DecodeCursor[K](scope, market.EncodeCursor(scope, key(page.Items[w.Size-1])))
		require.NoError(t, err)
		if w.Backward {
			w.Before = &last
		} else {
			w.After = &last
		}
	}
	if w.Backward {
		slices.Reverse(list)
	}
	return list
}

func keyOf(r market.Record) market.RecordKey { return r.RecordKey }

// compareKeys is the order of RecordsOldestFirst; that of RecordsNewestFirst is its opposite.
func compareKeys(a, b market.RecordKey) int {
	return cmp.Or(a.ObservedAt.Compare(b.ObservedAt), cmp.Compare(a.ListingID, b.ListingID))
}

func inOrder(o market.RecordOrder) func(a, b market.RecordKey) int {
	if o == market.RecordsOldestFirst {
		return compareKeys
	}
	return func(a, b market.RecordKey) int { return compareKeys(b, a) }
}

func keysOf(records []market.Record) []market.RecordKey {
	keys := make([]market.RecordKey, len(records))
	for i, r := range records {
		keys[i] = r.RecordKey
	}
	return keys
}

// requireEachOnce checks that a walk met every wanted key once, and whatever else in strict order.
func requireEachOnce(t testing.TB, o market.RecordOrder, want, got []market.RecordKey) {
	t.Helper()
	order := inOrder(o)
	slices.SortFunc(want, order)
	next := 0
	for i, key := range got {
		if i > 0 && order(got[i-1], key) >= 0 {
			t.Fatalf("row %d, %v, does not come after %v", i, key, got[i-1])
		}
		if next < len(want) && order(want[next], key) < 0 {
			t.Fatalf("%v is missing before row %d, %v", want[next], i, key)
		}
		if next < len(want) && want[next] == key {
			next++
		}
	}
	if next < len(want) {
		t.Fatalf("%v is missing at the end, with %d others", want[next], len(want)-next-1)
	}
}
