package coingecko_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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

// simulated is an API whose clock stands, so that each answer has to be made up only once.
func simulated() http.Handler {
	sim := simulator.New(simulator.Options{Now: func() time.Time { return noon }})
	known := map[string]*httptest.ResponseRecorder{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if known[r.RequestURI] == nil {
			known[r.RequestURI] = httptest.NewRecorder()
			r.Header.Del("Accept-Encoding")
			sim.ServeHTTP(known[r.RequestURI], r)
		}
		w.WriteHeader(known[r.RequestURI].Code)
		_, _ = w.Write(known[r.RequestURI].Body.Bytes())
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

// A hundred days are two chunks of a coin, and an unknown coin is one. A point an hour, each once.
func TestHistoryConformance(t *testing.T) {
	to := noon.Truncate(time.Hour).AddDate(0, 0, -100)
	span := source.Span{From: to.AddDate(0, 0, -100), To: to, IDs: []string{"bitcoin", "no such coin", "ethereum"}}
	api := simulated()
	sourcetest.Run(t, sourcetest.Case{
		Name: "coingecko", Kind: market.KindAPI, Items: 2400 + 1 + 2400, Pages: 5, Repeats: false,
		New: func(t *testing.T) source.Source { return source.Past(past(t, api), span) },
		Failing: func(t *testing.T) source.Source {
			return source.Past(past(t, &says{status: 401, body: `{"status":{"error_code":10002,"error_message":"API Key Missing"}}`}), span)
		},
	})
	items := history(t, past(t, api), span)
	for i, item := range items[:2400] {
		require.Equal(t, "bitcoin", item.ExternalID)
		require.NotEmpty(t, item.Price)
		require.WithinRange(t, item.ObservedAt, span.From, span.To)
		require.Equal(t, span.From.Add(time.Duration(i)*time.Hour), item.ObservedAt.Truncate(time.Hour))
	}
	require.Equal(t, source.ProblemUnknownCoin, items[2400].Problem.Code)
	require.Equal(t, "no such coin", items[2400].ExternalID)
	require.Contains(t, items[2400].Problem.Detail, "Could not find coin with the given id")
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

// What the plan does not allow ends the run, with the vendor's words.
func TestHistoryBeyondThePlan(t *testing.T) {
	span := source.Span{From: noon.AddDate(-2, 0, 0), To: noon, IDs: []string{"bitcoin", "ethereum"}}
	seen := 0
	for page, err := range past(t, simulated()).History(t.Context(), span, "") {
		require.Empty(t, page)
		require.ErrorContains(t, err, "401 Unauthorized: Your request exceeds the allowed time range")
		seen++
	}
	require.Equal(t, 1, seen)

	nowhere, cancel := context.WithCancel(t.Context())
	cancel() // who asks the live API fails at once
	client := upstream.New(upstream.Options{})
	free := coingecko.New(coingecko.Options{Pages: 1, APIKey: "demo", Client: client})
	old := source.Span{From: time.Now().AddDate(0, 0, -366), To: time.Now(), IDs: span.IDs}
	for _, err := range free.History(nowhere, old, "") {
		require.NotContains(t, err.Error(), "GET ")
		require.ErrorContains(t, err, "365 days: begin at --from "+time.Now().UTC().AddDate(0, 0, -364).Format(time.DateOnly))
		require.ErrorContains(t, err, "COINGECKO_BASE_URL=https://pro-api.coingecko.com/api/v3")
		require.ErrorContains(t, err, "COINGECKO_API_KEY")
	}
	recent := source.Span{From: time.Now().AddDate(0, 0, -364), To: time.Now(), IDs: span.IDs}
	for _, err := range free.History(nowhere, recent, "") {
		require.ErrorContains(t, err, "GET https://api.coingecko.com")
	}
	pro := coingecko.New(coingecko.Options{BaseURL: "https://pro-api.coingecko.com/api/v3", APIKey: "paid", Pages: 1, Client: client})
	for _, err := range pro.History(nowhere, old, "") {
		require.ErrorContains(t, err, "GET https://pro-api.coingecko.com")
	}
}

// The thirty days of bitcoin that the API sent on 2021-05-15, "now" among them.
func TestHistoryRecording(t *testing.T) {
	dir := os.Getenv("RECORDINGS_DIR")
	if dir == "" {
		t.Skip("RECORDINGS_DIR is not set")
	}
	body, err := os.ReadFile(filepath.Join(dir, "coingecko/market_chart_btc_30d_2021-05-15.json"))
	require.NoError(t, err)
	var lists map[string][][2]json.Number
	require.NoError(t, json.Unmarshal(body, &lists))
	points := len(lists["prices"])
	require.Equal(t, points, len(lists["market_caps"]))

	from, to := time.Date(2021, 4, 15, 0, 0, 0, 0, time.UTC), time.Date(2021, 5, 16, 0, 0, 0, 0, time.UTC)
	items := history(t, past(t, &says{status: 200, body: string(body)}), source.Span{From: from, To: to, IDs: []string{"bitcoin"}})
	require.Len(t, items, points)
	for i, item := range items {
		require.Nil(t, item.Problem)
		at := lists["prices"][i][0].String()
		require.Equal(t, at, fmt.Sprint(item.ObservedAt.UnixMilli()))
		require.Equal(t, source.Amounts{
			Price: lists["prices"][i][1].String(), MarketCap: lists["market_caps"][i][1].String(), Volume24h: lists["total_volumes"][i][1].String(),
		}, item.Amounts)
	}
	last := items[points-1].ObservedAt.Truncate(time.Second)
	before := history(t, past(t, &says{status: 200, body: string(body)}), source.Span{From: from, To: last, IDs: []string{"bitcoin"}})
	require.Len(t, before, points-1, "now is not in the span")
}
