package source_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

func on(day int) time.Time { return time.Date(2024, 1, day, 0, 0, 0, 0, time.UTC) }

// tour walks a span in chunks of three days and notes where it has been. Coins that begin with a
// question mark are unknown.
func tour(t *testing.T, s source.Span, since market.Cursor) (been []string, pages []source.Page, failure error) {
	t.Helper()
	get := func(_ context.Context, c source.Chunk) (source.Page, error) {
		been = append(been, fmt.Sprintf("%s %d-%d", c.ID, c.From.Day(), c.To.Day()))
		switch {
		case c.ID == "broken":
			return source.Page{}, errors.New("401 Unauthorized")
		case c.ID[0] == '?':
			return source.Page{Items: []source.Item{c.Unknown("id not found")}}, nil
		}
		return source.Page{}, nil
	}
	for page, err := range s.Walk(t.Context(), "coingecko", since, 72*time.Hour, get) {
		require.NoError(t, failure, "something came after the error")
		if failure = err; err == nil {
			pages = append(pages, page)
		}
	}
	return been, pages, failure
}

func TestWalkGoesCoinByCoinInChunks(t *testing.T) {
	span := source.Span{From: on(1), To: on(8), IDs: []string{"a", "?", "b"}}
	been, pages, err := tour(t, span, "")
	require.NoError(t, err)
	require.Equal(t, []string{"a 1-4", "a 4-7", "a 7-8", "? 1-4", "b 1-4", "b 4-7", "b 7-8"}, been)
	var shares []float64
	for i, page := range pages {
		require.Equal(t, map[bool]string{false: source.PartHistory, true: source.ProblemUnknownCoin}[i == 3], page.Part)
		shares = append(shares, page.Share)
		rest, _, err := tour(t, span, page.Next)
		require.NoError(t, err)
		if i >= 3 {
			require.Equal(t, been[3], rest[0], "what was unknown comes before the rest")
			rest = rest[1:]
		}
		require.Equal(t, been[i+1:], append([]string{}, rest...), "behind %s", page.Next)
	}
	require.InDeltaSlice(t, []float64{1. / 7, 2. / 7, 1. / 3, 2. / 3, 2./3 + 1./7, 2./3 + 2./7, 1}, shares, 1e-9)
	require.JSONEq(t, fmt.Sprintf(`{"coin":"a","from":%d}`, on(4).Unix()), string(pages[0].Next))
}

func TestWalkBeginsWhereItsCursorSays(t *testing.T) {
	cursor := func(coin string, from time.Time) market.Cursor {
		return source.JSONCursor(map[string]any{"coin": coin, "from": from.Unix()})
	}
	for name, c := range map[string]struct {
		since market.Cursor
		ids   []string
		been  []string
	}{
		"in a chunk":               {cursor("b", on(5)), []string{"a", "b"}, []string{"b 5-8"}},
		"a list that has grown":    {cursor("b", on(8)), []string{"a", "b", "c"}, []string{"c 1-4", "c 4-7", "c 7-8"}},
		"a coin gone from before":  {cursor("b", on(7)), []string{"b"}, []string{"b 7-8"}},
		"a coin that is not there": {cursor("x", on(4)), []string{"a"}, []string{"a 1-4", "a 4-7", "a 7-8"}},
		"before the span":          {cursor("b", on(1).Add(-1)), []string{"a", "b"}, []string{"a 1-4", "a 4-7", "a 7-8", "b 1-4", "b 4-7", "b 7-8"}},
		"behind the span":          {cursor("a", on(9)), []string{"a"}, []string{"a 1-4", "a 4-7", "a 7-8"}},
		"done":                     {cursor("a", on(8)), []string{"a"}, nil},
		"no coins":                 {"", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			been, _, err := tour(t, source.Span{From: on(1), To: on(8), IDs: c.ids}, c.since)
			require.NoError(t, err)
			require.Equal(t, c.been, been)
		})
	}
	been, _, err := tour(t, source.Span{From: on(8), To: on(8), IDs: []string{"a"}}, "")
	require.NoError(t, err)
	require.Empty(t, been, "an empty span")
}

func TestWalkEndsWithTheFirstError(t *testing.T) {
	been, pages, err := tour(t, source.Span{From: on(1), To: on(2), IDs: []string{"a", "broken", "b"}}, "")
	require.EqualError(t, err, `history of "broken" from 2024-01-01T00:00:00Z to 2024-01-02T00:00:00Z: 401 Unauthorized`)
	require.Equal(t, []string{"a 1-2", "broken 1-2"}, been)
	require.Len(t, pages, 1)
}

// One coin that is gone stops nothing, but where the first 25 are it is the address that is wrong.
func TestWalkStopsWhereNoCoinIsKnown(t *testing.T) {
	span := source.Span{From: on(1), To: on(2)}
	for i := range 40 {
		span.IDs = append(span.IDs, fmt.Sprintf("?%d", i))
	}
	been, pages, err := tour(t, span, "")
	require.ErrorContains(t, err, "the first 25 coins are all unknown")
	require.ErrorContains(t, err, "base URL")
	require.Len(t, been, 25)
	require.Len(t, pages, 24)

	_, pages, err = tour(t, span, pages[10].Next)
	require.NoError(t, err, "the tail of a list may be dead as a whole")
	require.Equal(t, 11+29, len(pages), "and those before are asked for again")

	span.IDs[3] = "alive"
	_, pages, err = tour(t, span, "")
	require.NoError(t, err)
	require.Len(t, pages, 40)
}

func TestAnUnknownCoinIsAnItem(t *testing.T) {
	c := source.Chunk{ID: `dead "coin"`, From: on(1), To: on(4)}
	item := c.Unknown("id not found")
	require.Equal(t, `dead "coin"`, item.ExternalID)
	require.Equal(t, source.ProblemUnknownCoin, item.Problem.Code)
	require.Contains(t, item.Problem.Detail, "id not found")
	require.JSONEq(t, `{"id":"dead \"coin\"","unknown_coin":{"from":"2024-01-01T00:00:00Z","to":"2024-01-04T00:00:00Z","said":"id not found"}}`,
		string(item.Payload))
	require.Equal(t, item, source.UnknownCoin(item.Payload))
}

func TestAChunkIsHalfOpen(t *testing.T) {
	at := func(t time.Time) source.Item { return source.Item{ObservedAt: t} }
	c := source.Chunk{From: on(1), To: on(2)}
	kept := c.Keep([]source.Item{at(on(1).Add(-1)), at(on(1)), at(on(2).Add(-1)), at(on(2)), at(time.Time{})})
	require.Equal(t, []source.Item{at(on(1)), at(on(2).Add(-1)), at(time.Time{})}, kept)
}
