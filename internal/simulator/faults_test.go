package simulator

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFaultsReplaceTheAnswer(t *testing.T) {
	for _, c := range []struct {
		name, order, path string
		status            int
		retryAfter        string
		kind, says        string
	}{
		{"gecko limit", `{"upstream":"coingecko","kind":"rate_limit"}`, markets, 429, "120", "application/json", `{"status":{"error_code":429,"error_message":"You've exceeded`},
		{"gecko limit, told when", `{"upstream":"coingecko","kind":"rate_limit","retry_after":"2"}`, markets, 429, "2", "application/json", `{"status":{"error_code":429`},
		{"paprika limit", `{"upstream":"coinpaprika","kind":"rate_limit"}`, tickers, 429, "", "application/json", `{"error":"`},
		{"limit page", `{"upstream":"coingecko","kind":"rate_limit_html"}`, markets, 429, "30", "text/html", "<!DOCTYPE html>"},
		{"limit in 200", `{"upstream":"coingecko","kind":"rate_limit_in_200"}`, markets, 200, "", "application/json", `{"status":{"error_code":429,`},
		{"gecko 500", `{"upstream":"coingecko","kind":"error_500"}`, markets, 500, "", "application/json", `{"status":500,"error":"Internal Server Error"}`},
		{"paprika 500", `{"upstream":"coinpaprika","kind":"error_500"}`, tickers, 500, "", "application/json", `{"error":"`},
		{"html", `{"upstream":"coinpaprika","kind":"html"}`, tickers, 200, "", "text/html", "<!DOCTYPE html>"},
		{"gecko 401", `{"upstream":"coingecko","kind":"unauthorized"}`, markets, 401, "", "application/json", `{"error":{"status":{"timestamp":`},
		{"paprika 402", `{"upstream":"coinpaprika","kind":"payment_required"}`, tickers, 402, "", "application/json", `{"error":"`},
		{"paprika 403", `{"upstream":"coinpaprika","kind":"forbidden"}`, tickers, 403, "", "application/json", `{"error":"`},
		{"gecko 403", `{"upstream":"coingecko","kind":"forbidden"}`, markets, 403, "", "application/json", `{"status":{"error_code":403`},
		{"limit in plain text", `{"upstream":"coingecko","kind":"rate_limit_text","retry_after":"0"}`, markets, 429, "0", "text/plain", "Throttled"},
		{"gecko 503", `{"upstream":"coingecko","kind":"error_503","retry_after":"7"}`, markets, 503, "7", "application/json", `{"error":"Service Unavailable"}`},
		{"paprika 503", `{"upstream":"coinpaprika","kind":"error_503"}`, tickers, 503, "", "application/json", `{"error":"`},
		{"gecko 404", `{"upstream":"coingecko","kind":"not_found"}`, markets, 404, "", "application/json", `{"error":"coin not found"}`},
		{"paprika 404", `{"upstream":"coinpaprika","kind":"not_found"}`, tickers, 404, "", "application/json", `{"error":"id not found"}`},
		{"redirect", `{"upstream":"coinpaprika","kind":"redirect","location":"http://127.0.0.1:1/x"}`, tickers, 302, "", "text/html", ""},
		{"empty", `{"upstream":"coingecko","kind":"empty"}`, markets, 200, "", "application/json", "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := still(Options{Coins: 5})
			tag := ask(t, s, "GET", c.path, "").Header().Get("ETag")
			order(t, s, c.order)
			w := ask(t, s, "GET", c.path, "", "If-None-Match", tag)
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.retryAfter, w.Header().Get("Retry-After"))
			require.True(t, strings.HasPrefix(w.Header().Get("Content-Type"), c.kind), w.Header())
			require.True(t, strings.HasPrefix(w.Body.String(), c.says), w.Body)
			require.Equal(t, http.StatusOK, ask(t, s, "GET", c.path, "").Code, "the fault outlived its times")
		})
	}
}

func TestErrorsAreThoseOfTheRecordings(t *testing.T) {
	s := still(Options{Coins: 5})
	for order429, name := range map[string]string{
		"rate_limit": "coingecko/error_429_json_2022-11-16.json", "error_500": "coingecko/error_500_ohlc_2021-07-19.json",
	} {
		order(t, s, `{"upstream":"coingecko","kind":"`+order429+`"}`)
		require.JSONEq(t, recording(t, name), ask(t, s, "GET", markets, "").Body.String())
	}
	type refusal struct {
		Error struct{ Status geckoStatus }
	}
	var real, ours refusal
	chart := "/coingecko/api/v3/coins/bitcoin/market_chart/range?vs_currency=usd&from=1&to=2"
	require.NoError(t, json.Unmarshal([]byte(recording(t, "coingecko/error_401_10012_history_over_365d_2025-11-20.json")), &real))
	require.NoError(t, json.Unmarshal(ask(t, s, "GET", chart, "").Body.Bytes(), &ours))
	require.Len(t, ours.Error.Status.Timestamp, len(real.Error.Status.Timestamp))
	ours.Error.Status.Timestamp = real.Error.Status.Timestamp
	require.Equal(t, real, ours)
}

func TestFaultsWaitTheirTurn(t *testing.T) {
	s := still(Options{Coins: 5})
	order(t, s, `{"upstream":"coingecko","path":"/coins/markets","kind":"error_500","times":2,"after":1}`)
	order(t, s, `{"upstream":"coingecko","path":"/coins/*","kind":"forbidden"}`)
	var got []int
	for range 5 {
		got = append(got, ask(t, s, "GET", markets, "").Code)
		require.Equal(t, http.StatusOK, ask(t, s, "GET", "/coingecko/api/v3/ping", "").Code)
		require.Equal(t, http.StatusOK, ask(t, s, "GET", tickers, "").Code)
	}
	require.Equal(t, []int{200, 500, 500, 403, 200}, got)
}

func TestHalfABodyBreaksOff(t *testing.T) {
	s := still(Options{})
	server := httptest.NewServer(s)
	defer server.Close()
	for _, encoding := range []string{"identity", "gzip"} {
		order(t, s, `{"upstream":"coinpaprika","kind":"half_body"}`)
		r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+tickers, nil)
		require.NoError(t, err)
		r.Header.Set("Accept-Encoding", encoding)
		res, err := server.Client().Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, res.Body.Close())
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, http.StatusOK, res.StatusCode)
		require.InDelta(t, res.ContentLength/2, len(body), 1)
	}
}

// stalled waits until so many requests are held.
func stalled(t *testing.T, s *Simulator, n int) {
	t.Helper()
	require.Eventually(t, func() bool { _, held := s.faults.list(); return held == n }, 10*time.Second, time.Millisecond)
}

func TestStallEndsWhenCleared(t *testing.T) {
	s := still(Options{Coins: 5})
	server := httptest.NewServer(s)
	defer server.Close()
	order(t, s, `{"upstream":"coingecko","kind":"stall"}`)
	status := make(chan int)
	go func() {
		res, err := server.Client().Get(server.URL + markets)
		if err != nil {
			status <- 0
			return
		}
		res.Body.Close()
		status <- res.StatusCode
	}()
	stalled(t, s, 1)
	require.Equal(t, http.StatusNoContent, ask(t, s, "DELETE", "/control/faults", "").Code)
	require.Equal(t, http.StatusOK, <-status)
	stalled(t, s, 0)
}

func TestStallEndsWhenTheClientGoes(t *testing.T) {
	s := still(Options{Coins: 5})
	server := httptest.NewServer(s)
	defer server.Close()
	order(t, s, `{"upstream":"coinpaprika","kind":"stall","times":9}`)
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		r, err := http.NewRequestWithContext(ctx, "GET", server.URL+tickers, nil)
		if err == nil {
			_, err = server.Client().Do(r)
		}
		gone <- err
	}()
	stalled(t, s, 1)
	leave()
	require.ErrorIs(t, <-gone, context.Canceled)
	stalled(t, s, 0)
	_, served := s.ledger.read()
	require.Equal(t, "stall", served[0].Fault)
	require.Zero(t, served[0].Status)
}

func TestSlowAnswersInTheEnd(t *testing.T) {
	s := still(Options{Coins: 5})
	order(t, s, `{"upstream":"coingecko","kind":"slow","delay":"1ms"}`)
	require.Equal(t, get(t, s, markets), get(t, s, markets))
	order(t, s, `{"upstream":"coingecko","kind":"slow","delay":"1h"}`)
	done := make(chan string)
	go func() { done <- ask(t, s, "GET", markets, "").Body.String() }()
	stalled(t, s, 1)
	s.ClearFaults()
	require.Equal(t, get(t, s, markets), <-done)
}

func TestSchemaFaultsReshapeEveryRow(t *testing.T) {
	s := still(Options{Coins: 5})
	before := rows(t, get(t, s, markets))
	order(t, s, `{"upstream":"coingecko","kind":"schema","rename":{"current_price":"price_now"},"remove":["symbol"],
		"retype":{"market_cap":"string","total_volume":"null","id":"number","name":"array","ath":"object","atl":"boolean","roi":"string"}}`)
	w := ask(t, s, "GET", markets, "")
	require.Empty(t, w.Header().Get("ETag"))
	for i, r := range rows(t, w.Body.String()) {
		require.Equal(t, before[i]["current_price"], r["price_now"])
		require.NotContains(t, r, "current_price")
		require.NotContains(t, r, "symbol")
		require.Equal(t, before[i]["market_cap"].(json.Number).String(), r["market_cap"])
		require.Nil(t, r["total_volume"])
		require.IsType(t, json.Number(""), r["id"])
		require.Equal(t, []any{before[i]["name"]}, r["name"])
		require.Equal(t, map[string]any{"value": before[i]["ath"]}, r["ath"])
		require.Equal(t, true, r["atl"])
		require.IsType(t, "", r["roi"])
		require.Equal(t, before[i]["last_updated"], r["last_updated"])
	}
	order(t, s, `{"upstream":"coinpaprika","kind":"schema","rename":{"price":"last_price"}}`)
	require.Equal(t, strings.ReplaceAll(get(t, still(Options{Coins: 5}), tickers), `"price":`, `"last_price":`), get(t, s, tickers))
}
