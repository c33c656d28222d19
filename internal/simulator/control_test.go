package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBadControlInputIsRefusedByName(t *testing.T) {
	s := still(Options{Coins: 2})
	for _, c := range []struct{ path, body, field, says string }{
		{"/control/faults", `{"kind":"html"}`, "upstream", "coingecko, coinpaprika"},
		{"/control/faults", `{"upstream":"binance","kind":"html"}`, "upstream", `"binance"`},
		{"/control/faults", `{"upstream":"coingecko"}`, "kind", "rate_limit_in_200, error_500"},
		{"/control/faults", `{"upstream":"coingecko","kind":"html","path":"coins"}`, "path", "/coins/markets"},
		{"/control/faults", `{"upstream":"coingecko","kind":"html","path":"/["}`, "path", "/["},
		{"/control/faults", `{"upstream":"coingecko","kind":"html","times":0}`, "times", "1 or more"},
		{"/control/faults", `{"upstream":"coingecko","kind":"html","times":"3"}`, "times", "expected int"},
		{"/control/faults", `{"upstream":"coingecko","kind":"html","after":-1}`, "after", "0 or more"},
		{"/control/faults", `{"upstream":"coingecko","kind":"html","retry_after":"2"}`, "retry_after", "rate_limit"},
		{"/control/faults", `{"upstream":"coingecko","kind":"rate_limit","retry_after":"2\n"}`, "retry_after", "header"},
		{"/control/faults", `{"upstream":"coingecko","kind":"slow","delay":"soon"}`, "delay", "2s"},
		{"/control/faults", `{"upstream":"coingecko","kind":"html","delay":"2s"}`, "delay", "slow"},
		{"/control/faults", `{"upstream":"coingecko","kind":"trickle","delay":"0s"}`, "delay", "trickle"},
		{"/control/faults", `{"upstream":"coinpaprika","kind":"endless"}`, "kind", "coingecko only"},
		{"/control/faults", `{"upstream":"coinpaprika","kind":"moved"}`, "kind", "no pages"},
		{"/control/faults", `{"upstream":"coingecko","kind":"redirect"}`, "location", "http://"},
		{"/control/faults", `{"upstream":"coingecko","kind":"redirect","location":"/coins"}`, "location", "http://"},
		{"/control/faults", `{"upstream":"coingecko","kind":"html","location":"http://a/"}`, "location", "redirect only"},
		{"/control/faults", `{"upstream":"coingecko","kind":"nan","rows":-2}`, "rows", "-1 for all"},
		{"/control/faults", `{"upstream":"coingecko","kind":"html","rows":2}`, "rows", "changes a value"},
		{"/control/faults", `{"upstream":"coingecko","kind":"schema"}`, "rename", "at least one"},
		{"/control/faults", `{"upstream":"coingecko","kind":"html","remove":["id"]}`, "remove", "schema"},
		{"/control/faults", `{"upstream":"coingecko","kind":"schema","retype":{"id":"date"}}`, "retype.id", "string, number, boolean"},
		{"/control/faults", `{"upstream":"coingecko","kinds":"html"}`, "kinds", "allowed: upstream, path, kind"},
		{"/control/faults", `nonsense`, "body", "JSON object"},
		{"/control/faults", ``, "body", "JSON object"},
		{"/control/faults", `{"upstream":"coingecko","kind":"html"} {}`, "body", "nothing after"},
		{"/control/clock", `{"advance":"later"}`, "advance", `"5m"`},
		{"/control/clock", `{"advance":"-5m"}`, "advance", "positive"},
		{"/control/clock", `{"advance":"2000000h"}`, "advance", "at most"},
		{"/control/clock", `{"by":"5m"}`, "by", "allowed: advance"},
	} {
		w := ask(t, s, "POST", c.path, c.body)
		require.Equal(t, http.StatusBadRequest, w.Code, c.body)
		var problem map[string]string
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &problem))
		require.Contains(t, problem["error"], c.field, c.body)
		require.Contains(t, problem["error"], c.says, c.body)
	}
	faults, _ := s.faults.list()
	require.Empty(t, faults)
	require.Equal(t, noon, s.clock.now())
}

func TestFaultsAreListedAndCleared(t *testing.T) {
	s := still(Options{Coins: 2})
	order(t, s, `{"upstream":"coingecko","path":"/coins/markets","kind":"rate_limit","times":3,"retry_after":"2","after":1}`)
	order(t, s, `{"upstream":"coinpaprika","kind":"html"}`)
	get(t, s, markets)
	ask(t, s, "GET", markets, "")
	var list struct {
		Faults  []Fault
		Stalled int
	}
	require.NoError(t, json.Unmarshal([]byte(get(t, s, "/control/faults")), &list))
	require.Equal(t, []Fault{
		{ID: 1, Upstream: "coingecko", Path: "/coins/markets", Kind: "rate_limit", Times: 2},
		{ID: 2, Upstream: "coinpaprika", Kind: "html", Times: 1},
	}, []Fault{without(list.Faults[0]), list.Faults[1]})
	ask(t, s, "DELETE", "/control/faults", "")
	require.JSONEq(t, `{"faults":[],"stalled":0}`, get(t, s, "/control/faults"))
	get(t, s, markets)
	get(t, s, tickers)
}

func without(f Fault) Fault { f.RetryAfter = ""; return f }

func TestClockMovesPricesForward(t *testing.T) {
	s := still(Options{Coins: 2})
	before := rows(t, get(t, s, markets))[0]
	w := ask(t, s, "POST", "/control/clock", `{"advance":"48h"}`)
	require.JSONEq(t, `{"now":"2026-10-07T12:00:30Z"}`, w.Body.String())
	require.JSONEq(t, w.Body.String(), get(t, s, "/control/clock"))
	after := rows(t, get(t, s, markets))[0]
	require.NotEqual(t, before["current_price"], after["current_price"])
	require.Greater(t, after["last_updated"], before["last_updated"])
}

func TestTickMayBeASecond(t *testing.T) {
	s := still(Options{Coins: 2, Tick: time.Second})
	before := [2]string{get(t, s, markets), get(t, s, tickers)}
	advance(t, s, "1s")
	require.NotEqual(t, before[0], get(t, s, markets))
	require.NotEqual(t, before[1], get(t, s, tickers))
}

func TestRequestsAreCountedAndRemembered(t *testing.T) {
	s := still(Options{Coins: 3})
	order(t, s, `{"upstream":"coingecko","kind":"half_body","after":1}`)
	order(t, s, `{"upstream":"coinpaprika","path":"/tickers","kind":"error_500"}`)
	listed := rows(t, get(t, s, markets))
	require.Panics(t, func() { ask(t, s, "GET", markets, "") })
	ask(t, s, "GET", tickers, "")
	get(t, s, tickers+"/btc-bitcoin")
	ask(t, s, "GET", "/coinpaprika/v1/what", "")
	var out struct {
		Counts []Count
		Served []Answer
	}
	require.NoError(t, json.Unmarshal([]byte(get(t, s, "/control/requests")), &out))
	require.Equal(t, []Count{
		{"coingecko", "/coins/markets", 2}, {"coinpaprika", "/tickers", 1},
		{"coinpaprika", "/tickers/{id}", 1}, {"coinpaprika", "other", 1},
	}, out.Counts)
	require.Len(t, out.Served, 5)
	require.Equal(t, "vs_currency=usd", out.Served[0].Query)
	require.Len(t, out.Served[0].Rows, 3)
	for i, r := range listed {
		require.Equal(t, Stamp{r["id"].(string), r["last_updated"].(string)}, out.Served[0].Rows[i])
	}
	require.Equal(t, Answer{At: noon, Upstream: "coingecko", Path: "/coins/markets", Query: "vs_currency=usd", Status: 200, Fault: "half_body"}, out.Served[1])
	require.Equal(t, 500, out.Served[2].Status)
	require.Equal(t, "btc-bitcoin", out.Served[3].Rows[0].ID)
	require.Equal(t, 404, out.Served[4].Status)
}

func TestLedgerIsBounded(t *testing.T) {
	s := still(Options{Coins: 1})
	for i := range kept + 50 {
		ask(t, s, "GET", fmt.Sprintf("/coinpaprika/v1/x%d", i), "")
	}
	counts, served := s.ledger.read()
	require.Len(t, served, kept)
	require.Equal(t, "/x50", served[0].Path)
	require.Equal(t, []Count{{"coinpaprika", "other", kept + 50}}, counts)
}
