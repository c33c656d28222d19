package graph_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/market"
)

// What hangs on a record is read for the records that somebody is told of who selects it, many of them at a time.
func TestWhatHangsOnRecordsIsReadForTheirSubscriber(t *testing.T) {
	w := newLiveWorld(t, time.Minute)
	w.add(1, 1, "bitcoin", "ether", "dogecoin")
	after := w.now()
	w.add(2, 250, "bitcoin", "ether", "dogecoin")
	bitcoin, err := w.store.AssetBySlug(t.Context(), "bitcoin")
	require.NoError(t, err)
	plain := w.subscribe(`subscription { recordAdded(after: "` + after + `") { id source resumeCursor asset { slug name consensus { sources } } } }`)
	for range 750 {
		require.Empty(t, plain().Errors)
	}
	require.Empty(t, w.assets)
	require.Empty(t, w.payloads)

	nested := w.subscribe(`subscription { recordAdded(filter: {asset: ["bitcoin"]}, after: "` + after + `") {
		asset { slug one: records(first: 1) { nodes { id } } two: records(first: 2) { nodes { id } } } raw } }`)
	for range 250 {
		a := nested()
		require.Empty(t, a.Errors)
		require.Equal(t, "bitcoin", dig(t, a.Data, "recordAdded", "asset", "slug"))
		require.Len(t, dig(t, a.Data, "recordAdded", "asset", "two", "nodes"), 2)
		require.Equal(t, "bitcoin", dig(t, a.Data, "recordAdded", "raw", "name"))
	}
	require.Equal(t, slices.Repeat([][]int64{{bitcoin.ID}}, 6), w.assets, "two fields, three groups")
	var sizes []int
	for _, records := range w.payloads {
		sizes = append(sizes, len(records))
		for _, r := range records {
			require.Equal(t, "id-bitcoin", r.ExternalID)
		}
	}
	require.Equal(t, []int{100, 100, 50}, sizes)
}

// What is read at a time for a subscriber costs no more than one query may.
func TestDearSubscriptionsReadLessAtATime(t *testing.T) {
	w := newLiveWorld(t, time.Minute)
	after := w.now()
	w.add(1, 20, "bitcoin")
	next := w.subscribe(`subscription { recordAdded(after: "` + after + `") { raw asset { a: records(first: 500) { nodes { raw } } b: records(first: 500) { nodes { raw } } } } }`)
	for range 20 {
		require.Empty(t, next().Errors)
	}
	require.Len(t, w.assets, 3, "it costs 21,023 of 200,000: nine at a time")
}

// An event has the time of a request. What takes longer is told, and those that follow have theirs.
func TestAnEventThatTakesTooLongIsTold(t *testing.T) {
	w := newLiveWorld(t, time.Second)
	after := w.now()
	w.add(1, 1, "bitcoin")
	tx, err := w.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), "LOCK TABLE raw_records IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	next := w.subscribe(`subscription { recordAdded(after: "` + after + `") { externalId raw } }`)
	late := next()
	require.Equal(t, map[string]any{"externalId": "id-bitcoin", "raw": nil}, late.Data["recordAdded"])
	require.Len(t, late.Errors, 1)
	require.Equal(t, graph.CodeTimeout, late.Errors[0].Extensions["code"])
	require.Equal(t, []any{"recordAdded", "raw"}, late.Errors[0].Path)
	require.NoError(t, tx.Rollback())
	w.add(2, 1, "ether")
	inTime := next()
	require.Empty(t, inTime.Errors)
	require.Equal(t, "ether", dig(t, inTime.Data, "recordAdded", "raw", "name"))
}

// A database that was restored has never been where its clients were.
func TestACursorOfTheFutureIsRefused(t *testing.T) {
	w := newLiveWorld(t, time.Minute)
	version, err := w.store.Version(t.Context())
	require.NoError(t, err)
	ahead := market.EncodeCursor(market.AdditionScope, market.Position{Version: version + 1})
	a := w.subscribe(`subscription { recordAdded(after: "` + ahead + `") { id } }`)()
	require.Len(t, a.Errors, 1)
	require.Equal(t, graph.CodeBadCursor, a.Errors[0].Extensions["code"])
	require.Contains(t, a.Errors[0].Message, "the database has never been where this one stands")
}
