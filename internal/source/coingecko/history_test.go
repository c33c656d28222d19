package coingecko_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/simulator"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coingecko"
	"github.com/kasparro/kasparro/internal/source/sourcetest"
	"github.com/kasparro/kasparro/internal/upstream"
)

var noon = time.Date(2026, 10, 5, 12, 0, 30, 0, time.UTC)

// past opens the source over what answers below /coingecko/api/v3.
func past(t *testing.T, handler http.Handler) *coingecko.Source {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return coingecko.New(coingecko.Options{
		BaseURL: server.URL + "/coingecko/api/v3", Pages: 1, Client: upstream.New(upstream.Options{BaseWait: time.Nanosecond}),
	})
}

// simulated is an API whose clock stands.
func simulated() http.Handler {
	return simulator.New(simulator.Options{Now: func() time.Time { return noon }})
}

// daily leaves of the charts of an API the first point of each day, and asks for each only once.
func daily(api http.Handler) http.Handler {
	known := map[string]*httptest.ResponseRecorder{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := known[r.RequestURI]
		if answer == nil {
			answer = httptest.NewRecorder()
			r.Header.Del("Accept-Encoding")
			api.ServeHTTP(answer, r)
			known[r.RequestURI] = answer
		}
		var chart map[string][][2]json.Number
		if answer.Code != http.StatusOK || json.Unmarshal(answer.Body.Bytes(), &chart) != nil {
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
			return
		}
		for name, points := range chart {
			chart[name] = slices.DeleteFunc(points, func(p [2]json.Number) bool {
				millis, err := p[0].Int64()
				return err != nil || time.UnixMilli(millis).UTC().Hour() != 0
			})
		}
		_ = json.NewEncoder(w).Encode(chart)
	})
}

// says answers every request alike and keeps the last.
type says struct {
	status int
	body   string
	asked  string
}

func (s *says) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked = r.URL.EscapedPath() + "?" + r.URL.RawQuery
	w.WriteHeader(s.status)
	_, _ = w.Write([]byte(s.body))
}

func history(t *testing.T, s *coingecko.Source, span source.Span) (items []source.Item) {
	for page, err := range s.History(t.Context(), span, "") {
		require.NoError(t, err)
		require.Contains(t, []string{source.PartHistory, source.ProblemUnknownCoin}, page.Part)
		items = append(items, page.Items...)
	}
	return items
}

// A hundred days are two chunks of a coin.
func TestHistoryConformance(t *testing.T) {
	to := noon.Truncate(time.Hour).AddDate(0, 0, -100)
	span := source.Span{From: to.AddDate(0, 0, -100), To: to, IDs: []string{"bitcoin", "ethereum"}}
	api := daily(simulated())
	sourcetest.Run(t, sourcetest.Case{
		Name: "coingecko", Kind: market.KindAPI, Items: 100 + 100, Pages: 4, Repeats: false,
		New: func(t *testing.T) source.Source { return source.Past(past(t, api), span) },
		Failing: func(t *testing.T) source.Source {
			return source.Past(past(t, &says{status: 401, body: `{"status":{"error_code":10002,"error_message":"API Key Missing"}}`}), span)
		},
	})
}

// A point an hour, each once, also where two chunks meet.
func TestHistoryHasEveryHour(t *testing.T) {
	to := noon.Truncate(time.Hour).AddDate(0, 0, -100)
	items := history(t, past(t, simulated()), source.Span{From: to.AddDate(0, 0, -92), To: to, IDs: []string{"no such coin", "bitcoin"}})
	require.Len(t, items, 1+92*24)
	for i, item := range items[1:] {
		require.Equal(t, "bitcoin", item.ExternalID)
		require.NotEmpty(t, item.Price)
		require.Equal(t, to.AddDate(0, 0, -92).Add(time.Duration(i)*time.Hour), item.ObservedAt.Truncate(time.Hour))
	}
	require.Equal(t, source.ProblemUnknownCoin, items[0].Problem.Code)
	require.Equal(t, "no such coin", items[0].ExternalID)
	require.Contains(t, items[0].Problem.Detail, "Could not find coin with the given id")
	require.Equal(t, items[0], past(t, simulated()).Item(items[0].Payload))
}

// A 404 that passes makes a hole that is told of, and that the next run fills: it asks for nothing else.
func TestHistoryAsksAgainForWhatWasNotFound(t *testing.T) {
	api := simulator.New(simulator.Options{Now: func() time.Time { return noon }})
	require.NoError(t, api.Misbehave(simulator.Fault{Upstream: "coingecko", Kind: "not_found", Path: "/coins/ethereum/market_chart/range", Times: 1}))
	s := past(t, api)
	span := source.Span{From: noon.AddDate(0, 0, -2), To: noon, IDs: []string{"bitcoin", "ethereum", "tether"}}
	last := lastOf(t, s, span, "", 3)
	require.Contains(t, last.Incomplete, "1 of 3 coins is unknown to coingecko: ethereum;")
	again := lastOf(t, s, span, last.Next, 1)
	require.Empty(t, again.Incomplete)
	require.Len(t, again.Items, 48)
	require.Equal(t, "ethereum", again.Items[0].ExternalID)
	lastOf(t, s, span, again.Next, 0)
}

// lastOf returns the last of so many pages.
func lastOf(t *testing.T, s *coingecko.Source, span source.Span, since market.Cursor, pages int) (last source.Page) {
	t.Helper()
	for page, err := range s.History(t.Context(), span, since) {
		require.NoError(t, err)
		last = page
		pages--
	}
	require.Zero(t, pages)
	return last
}

const chart = `{"prices":[[1704067199999,9],[1704067200000,4.37e-06],[1704070800000,2],[1704070800000,2.0],
	[1704074400000,null],[1704078000000],["soon",5],"six",[1704153599999,7],[1704153600000,8]],
	"market_caps":[[1704067200000, 1.50e3],[1704070800000,0.0],[1704070800000,6],[1704081600000,3],[1704153600000,8]],
	"total_volumes":[[1704153599999,0],[1704070800000,1e-7]]}`

// Points at the edges, twice, without a price, or of no shape at all: every one comes, and once.
func TestHistoryItems(t *testing.T) {
	api := &says{status: 200, body: chart}
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	items := history(t, past(t, api), source.Span{From: from, To: from.AddDate(0, 0, 1), IDs: []string{"a/b c"}})
	require.Equal(t, "/coingecko/api/v3/coins/a%2Fb%20c/market_chart/range?vs_currency=usd&from=1704067200&to=1704153600", api.asked)
	type expected struct {
		after                    time.Duration
		price, cap, volume, code string
		payload                  string
	}
	want := []expected{
		{0, "4.37e-06", "1.50e3", "", "", `{"price":[1704067200000,4.37e-06],"market_cap":[1704067200000, 1.50e3]}`},
		{time.Hour, "2", "", "1e-7", "", `{"price":[1704070800000,2],"market_cap":[1704070800000,0.0],"total_volume":[1704070800000,1e-7]}`},
		{time.Hour, "2.0", "6", "", "", `{"price":[1704070800000,2.0],"market_cap":[1704070800000,6]}`},
		{2 * time.Hour, "", "", "", "", `{"price":[1704074400000,null]}`},
		{3 * time.Hour, "", "", "", "", `{"price":[1704078000000]}`},
		{-1, "5", "", "", "bad_time", `{"price":["soon",5]}`},
		{-1, "", "", "", "wrong_type", `{"price":"six"}`},
		{24*time.Hour - time.Millisecond, "7", "", "0", "", `{"price":[1704153599999,7],"total_volume":[1704153599999,0]}`},
		{4 * time.Hour, "", "3", "", "", `{"market_cap":[1704081600000,3]}`},
	}
	require.Len(t, items, len(want))
	for i, w := range want {
		it := items[i]
		require.Equal(t, `{"id":"a/b c","chart":`+w.payload+`}`, string(it.Payload))
		require.Equal(t, "a/b c", it.ExternalID)
		require.Equal(t, source.Amounts{Price: w.price, MarketCap: w.cap, Volume24h: w.volume}, it.Amounts, w.payload)
		if w.code == "" {
			require.Nil(t, it.Problem, w.payload)
			require.Equal(t, from.Add(w.after), it.ObservedAt)
		} else {
			require.Equal(t, w.code, it.Problem.Code)
		}
	}
}

func TestHistoryOfAnotherShapeIsAnError(t *testing.T) {
	span := source.Span{From: noon.AddDate(0, 0, -1), To: noon, IDs: []string{"bitcoin"}}
	for _, body := range []string{`[]`, `{"points":[]}`, `{"prices":{"a":1}}`} {
		for page, err := range past(t, &says{status: 200, body: body}).History(t.Context(), span, "") {
			require.Empty(t, page)
			require.ErrorContains(t, err, `history of "bitcoin" from 2026-10-04T12:00:30Z`, body)
			require.ErrorContains(t, err, "no list of prices", body)
		}
	}
}
