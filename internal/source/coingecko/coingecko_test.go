package coingecko_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coingecko"
	"github.com/kasparro/kasparro/internal/source/sourcetest"
	"github.com/kasparro/kasparro/internal/upstream"
)

// api serves the list as the real API does, page by page, and fails from a page on.
type api struct {
	coins    []json.RawMessage
	failFrom int      // 0 for never
	asked    []string // the queries, in order
	headers  http.Header
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.asked, a.headers = append(a.asked, r.URL.Path+"?"+r.URL.RawQuery), r.Header
	page, _ := strconv.Atoi(r.FormValue("page"))
	size, _ := strconv.Atoi(r.FormValue("per_page"))
	if a.failFrom > 0 && page >= a.failFrom {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"status":{"error_code":10002,"error_message":"API Key Missing"}}`))
		return
	}
	from := min((page-1)*size, len(a.coins))
	var list [][]byte // not marshalled, which would tidy the bytes up
	for _, coin := range a.coins[from:min(from+size, len(a.coins))] {
		list = append(list, coin)
	}
	_, _ = fmt.Fprintf(w, " [%s]\n", bytes.Join(list, []byte(" ,\n")))
}

func (a *api) open(t *testing.T, o coingecko.Options) source.Source {
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	o.BaseURL, o.Client = server.URL+"/api/v3/", upstream.New(upstream.Options{BaseWait: time.Nanosecond})
	return coingecko.New(o)
}

func read(t *testing.T, path string) (coins []json.RawMessage) {
	body, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(body, &coins))
	return coins
}

func extract(t *testing.T, s source.Source, since market.Cursor) (items []source.Item, cursors []market.Cursor) {
	for page, err := range s.Extract(t.Context(), since) {
		require.NoError(t, err)
		items, cursors = append(items, page.Items...), append(cursors, page.Next)
	}
	return items, cursors
}

func TestConformance(t *testing.T) {
	coins := read(t, "testdata/markets.json")
	sourcetest.Run(t, sourcetest.Case{
		Name: "coingecko", Kind: market.KindAPI, Items: len(coins), Pages: 3, Repeats: true,
		New: func(t *testing.T) source.Source {
			return (&api{coins: coins}).open(t, coingecko.Options{Pages: 4, PageSize: 5})
		},
		Failing: func(t *testing.T) source.Source {
			return (&api{coins: coins, failFrom: 2}).open(t, coingecko.Options{Pages: 4, PageSize: 5})
		},
	})
}

func TestPagesEndWhereTheListDoesOrWhereTold(t *testing.T) {
	coins := read(t, "testdata/markets.json")[:10]
	cases := []struct {
		name         string
		pages, size  int
		since        market.Cursor
		items, asked int
		cursors      []market.Cursor
	}{
		{"a short page", 9, 4, "", 10, 3, []market.Cursor{`{"page":2}`, `{"page":3}`, `{"page":1}`}},
		{"an empty page", 9, 5, "", 10, 3, []market.Cursor{`{"page":2}`, `{"page":3}`, `{"page":1}`}},
		{"told to stop", 2, 4, "", 8, 2, []market.Cursor{`{"page":2}`, `{"page":1}`}},
		{"resumed", 9, 4, fresh(3), 2, 1, []market.Cursor{`{"page":1}`}},
		{"resumed behind the end", 9, 5, fresh(3), 0, 1, []market.Cursor{`{"page":1}`}},
		{"resumed behind fewer pages than before", 2, 4, fresh(3), 8, 2, []market.Cursor{`{"page":2}`, `{"page":1}`}},
		{"resumed too late", 9, 4, market.Cursor(fmt.Sprintf(`{"page":3,"at":%d}`, time.Now().Add(-5*time.Minute).Unix())), 10, 3,
			[]market.Cursor{`{"page":2}`, `{"page":3}`, `{"page":1}`}},
		{"a cursor before the beginning", 2, 4, `{"page":-3}`, 8, 2, []market.Cursor{`{"page":2}`, `{"page":1}`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := &api{coins: coins}
			items, cursors := extract(t, a.open(t, coingecko.Options{Pages: c.pages, PageSize: c.size}), c.since)
			require.Len(t, items, c.items)
			require.Equal(t, c.cursors, pagesOf(t, cursors))
			require.Len(t, a.asked, c.asked)
		})
	}
}

// An empty first page must not pass for a market that has been read; an empty last one is its end.
func TestAnEmptyListIsSaid(t *testing.T) {
	told := func(a *api, size int) (said string) {
		for page, err := range a.open(t, coingecko.Options{Pages: 4, PageSize: size}).Extract(t.Context(), "") {
			require.NoError(t, err)
			said += page.Incomplete
		}
		return said
	}
	require.Contains(t, told(&api{}, 4), "empty")
	require.Empty(t, told(&api{coins: read(t, "testdata/markets.json")[:4]}, 4))
}

func TestRequestIsTheDocumentedOne(t *testing.T) {
	a := &api{}
	extract(t, a.open(t, coingecko.Options{Pages: 4, APIKey: "secret"}), "")
	require.Equal(t, []string{"/api/v3/coins/markets?vs_currency=usd&order=market_cap_desc&per_page=250&page=1" +
		"&sparkline=false&price_change_percentage=1h,24h,7d"}, a.asked)
	require.Equal(t, "secret", a.headers.Get("x-cg-demo-api-key"))

	a = &api{}
	extract(t, a.open(t, coingecko.Options{Pages: 1}), "")
	require.NotContains(t, a.headers, "X-Cg-Demo-Api-Key")
}

func TestAnAnswerOfAnotherShapeIsAnError(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"markets":[]}`))
	}))
	t.Cleanup(server.Close)
	s := coingecko.New(coingecko.Options{BaseURL: server.URL, Pages: 1, Client: upstream.New(upstream.Options{})})
	for _, err := range s.Extract(t.Context(), "") {
		require.EqualError(t, err, fmt.Sprintf("page 1: GET %s/coins/markets: 200 OK: no list, but {\"markets\":[]}", server.URL))
	}
}

// fresh is the cursor of a list that was left in the middle a moment ago.
func fresh(page int) market.Cursor {
	return market.Cursor(fmt.Sprintf(`{"page":%d,"at":%d}`, page, time.Now().Unix()))
}

// pagesOf leaves out of the cursors when they were made.
func pagesOf(t *testing.T, cursors []market.Cursor) []market.Cursor {
	t.Helper()
	bare := make([]market.Cursor, len(cursors))
	for i, c := range cursors {
		var at struct{ Page int }
		require.NoError(t, json.Unmarshal([]byte(c), &at))
		bare[i] = market.Cursor(fmt.Sprintf(`{"page":%d}`, at.Page))
	}
	return bare
}
