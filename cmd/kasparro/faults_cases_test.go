package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/simulator"
	"github.com/kasparro/kasparro/internal/upstream"
)

// faultCase is a misbehaviour, and what a run makes of it.
type faultCase struct {
	name    string
	only    string           // the upstream; empty for both
	fault   simulator.Fault  // Upstream is filled in; Times 0 is until the end of the run
	client  upstream.Options // of the run
	status  market.RunStatus // SUCCEEDED if empty
	retries int64            //
	says    []string         // in the error
	rejects string           // the reason why the first item is rejected
	anomaly string           // a word of one; empty where there is none
	check   func(*testing.T, *rig, market.Run)
}

const (
	succeeded = market.RunSucceeded
	partial   = market.RunPartial
	failed    = market.RunFailed
	always    = 0
)

var (
	impatient = upstream.Options{Timeout: 200 * time.Millisecond, MaxAttempts: 2}
	small     = upstream.Options{MaxBody: 4 << 20}
	inAWhile  = func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
)

// refusals are answers that are no list of coins.
var refusalCases = []faultCase{
	{name: "429 with Retry-After 0", fault: simulator.Fault{Kind: "rate_limit", RetryAfter: "0", Times: 2}, retries: 2},
	{name: "429 with Retry-After 1", fault: simulator.Fault{Kind: "rate_limit", RetryAfter: "1", Times: 1}, retries: 1,
		check: func(t *testing.T, _ *rig, run market.Run) { require.GreaterOrEqual(t, run.WaitedMS, int64(1000)) }},
	{name: "429 with a Retry-After that is over", fault: simulator.Fault{Kind: "rate_limit", RetryAfter: "Wed, 21 Oct 2015 07:28:00 GMT", Times: 1}, retries: 1},
	{name: "429 with a date in Retry-After", only: paprika, fault: simulator.Fault{Kind: "rate_limit_html", RetryAfter: "+3s", Times: 1}, retries: 1,
		check: func(t *testing.T, r *rig, _ market.Run) { require.False(t, time.Now().Before(r.until)) }},
	{name: "429 for a day", fault: simulator.Fault{Kind: "rate_limit", RetryAfter: "86400"}, status: failed, says: []string{"429", "24h0m0s"}},
	{name: "429 until tomorrow", only: gecko, fault: simulator.Fault{Kind: "rate_limit_html", RetryAfter: "+24h"}, status: failed, says: []string{"429", "an HTML page", "only 2m0s may be waited"}},
	{name: "429 as text, then fine", fault: simulator.Fault{Kind: "rate_limit_text", Times: 2}, retries: 2},
	{name: "429 as text for good", only: gecko, fault: simulator.Fault{Kind: "rate_limit_text"}, status: failed, retries: 4, says: []string{"429 Too Many Requests", "Throttled", "tried 5 times"}},
	{name: "429 as a page for good", only: paprika, fault: simulator.Fault{Kind: "rate_limit_html", RetryAfter: "0"}, status: failed, retries: 4, says: []string{"429 Too Many Requests", "an HTML page", "tried 5 times"}},
	{name: "429 in a 200, then fine", fault: simulator.Fault{Kind: "rate_limit_in_200", Times: 1}, retries: 1},
	{name: "429 in a 200 for good", only: gecko, fault: simulator.Fault{Kind: "rate_limit_in_200"}, status: failed, retries: 4, says: []string{"429 Too Many Requests", "exceeded the Rate Limit"}},
	{name: "500 twice, then fine", fault: simulator.Fault{Kind: "error_500", Times: 2}, retries: 2},
	{name: "500 for good", fault: simulator.Fault{Kind: "error_500"}, status: failed, retries: 4, says: []string{"500 Internal Server Error", "tried 5 times"}},
	{name: "503 with Retry-After, then fine", only: gecko, fault: simulator.Fault{Kind: "error_503", RetryAfter: "0", Times: 3}, retries: 3},
	{name: "500 for good on the second page", only: gecko, fault: simulator.Fault{Kind: "error_500", After: 1}, status: partial, retries: 4,
		says: []string{"page 2", "500 Internal Server Error"}, check: resumesAtPage2},
	{name: "401", fault: simulator.Fault{Kind: "unauthorized"}, status: failed, says: []string{"401 Unauthorized"}},
	{name: "402", fault: simulator.Fault{Kind: "payment_required"}, status: failed, says: []string{"402 Payment Required", "plan"}},
	{name: "403", fault: simulator.Fault{Kind: "forbidden"}, status: failed, says: []string{"403 Forbidden"}},
	{name: "403 on the second page", only: gecko, fault: simulator.Fault{Kind: "forbidden", After: 1}, status: partial, says: []string{"page 2", "403 Forbidden"}, check: resumesAtPage2},
	{name: "404", only: paprika, fault: simulator.Fault{Kind: "not_found"}, status: failed, says: []string{"404 Not Found", "id not found"}},
	{name: "HTML with 200, then fine", only: paprika, fault: simulator.Fault{Kind: "html", Times: 1}, retries: 1},
	{name: "HTML with 200 for good", only: gecko, fault: simulator.Fault{Kind: "html"}, status: failed, retries: 4, says: []string{"200 OK", "an HTML page, Under maintenance", "JSON was due"}},
	{name: "an empty list", fault: simulator.Fault{Kind: "empty"}, status: partial, says: []string{"empty"}, anomaly: "empty"},
	{name: "an empty second page", only: gecko, fault: simulator.Fault{Kind: "empty", After: 1}, anomaly: "coins gone"},
}

// transportCases are lists that do not arrive as they should.
var transportCases = []faultCase{
	{name: "half a body, then fine", fault: simulator.Fault{Kind: "half_body", Times: 1}, retries: 1},
	{name: "half a body for good", only: gecko, fault: simulator.Fault{Kind: "half_body"}, status: failed, retries: 4, says: []string{"the body broke off after"}},
	{name: "no answer, then fine", only: paprika, fault: simulator.Fault{Kind: "stall", Times: 1}, client: upstream.Options{Timeout: 4 * time.Second}, retries: 1},
	{name: "no answer for good", only: gecko, fault: simulator.Fault{Kind: "stall"}, client: impatient, status: failed, retries: 1, says: []string{"no answer within 200ms", "tried 2 times"}},
	{name: "a slow answer", only: gecko, fault: simulator.Fault{Kind: "slow", Delay: "50ms"}},
	{name: "1 byte a second", fault: simulator.Fault{Kind: "trickle"}, client: upstream.Options{Timeout: time.Second, MaxAttempts: 2}, status: failed, retries: 1, says: []string{"within 1s"}},
	{name: "a body of 2 GB", fault: simulator.Fault{Kind: "huge_body"}, client: small, status: failed, says: []string{"larger than the 4194304 bytes allowed"}},
	{name: "a gzip bomb", fault: simulator.Fault{Kind: "gzip_bomb"}, client: small, status: failed, says: []string{"larger than the 4194304 bytes allowed"}},
	{name: "a redirect to another host", fault: simulator.Fault{Kind: "redirect"}, status: failed, says: []string{"another host"},
		check: func(t *testing.T, r *rig, _ market.Run) {
			require.Zero(t, r.elsewhere.Load(), "the other host was asked")
		}},
}

// listCases are lists of the wrong coins.
var listCases = []faultCase{
	{name: "an endless next page", only: gecko, fault: simulator.Fault{Kind: "endless"}, anomaly: "rows", check: func(t *testing.T, r *rig, run market.Run) {
		require.EqualValues(t, pagesMost, run.Pages)
		require.EqualValues(t, pagesMost*pageSize, run.Extracted)
	}},
	{name: "half the coins gone", fault: simulator.Fault{Kind: "half_gone"}, anomaly: "coins gone"},
	{name: "every id twice", fault: simulator.Fault{Kind: "doubled"}, anomaly: "rows", check: func(t *testing.T, r *rig, run market.Run) {
		require.EqualValues(t, 2*len(r.latest(t)), run.Extracted)
		require.LessOrEqual(t, run.Inserted, run.Extracted/2)
	}},
	{name: "rows moving across pages", only: gecko, fault: simulator.Fault{Kind: "moved"}, check: func(t *testing.T, r *rig, run market.Run) {
		require.Greater(t, run.Extracted, int64(len(r.latest(t))), "some rows came twice")
	}},
	{name: "time going backwards", fault: simulator.Fault{Kind: "backwards"}, check: func(t *testing.T, r *rig, run market.Run) {
		require.Positive(t, run.Inserted, "older records are added")
		require.Equal(t, r.before, r.latest(t), "the newest record of a coin moves back")
	}},
	{name: "all prices times ten", fault: simulator.Fault{Kind: "price_jump"}, anomaly: "price"},
	{name: "the price has another name", fault: simulator.Fault{Kind: "schema", Rename: map[string]string{"current_price": "cost", "price": "cost"}},
		status: failed, says: []string{"30 of 30 items", "missing_price", "has the upstream changed"}},
}

// rowCases are rows with a value that cannot be, or that can after all.
var rowCases = []faultCase{
	{name: "a price of NaN", fault: simulator.Fault{Kind: "nan"}, rejects: "broken_json"},
	{name: "a price of 1e400", fault: simulator.Fault{Kind: "huge_number"}, rejects: "out_of_range"},
	{name: "a negative price", fault: simulator.Fault{Kind: "negative"}, rejects: "negative_amount"},
	{name: "numbers as strings", fault: simulator.Fault{Kind: "text_numbers", Rows: -1}},
	{name: "NUL in a name", fault: simulator.Fault{Kind: "nul"}, rejects: "unstorable_payload"},
	{name: "a lone surrogate in a name", fault: simulator.Fault{Kind: "surrogate"}, rejects: "unstorable_payload"},
	{name: "invalid UTF-8 in a name", fault: simulator.Fault{Kind: "invalid_utf8"}, rejects: "unstorable_payload"},
	{name: "last_updated in 2999", fault: simulator.Fault{Kind: "future"}, rejects: "future_time"},
	{name: "24 rows of 30 in 2999", fault: simulator.Fault{Kind: "future", Times: 1, Rows: 24}, rejects: "future_time", anomaly: "rejected"},
	{name: "all rows in 2999", fault: simulator.Fault{Kind: "future", Rows: -1}, status: failed, says: []string{"of 30 items", "future_time", "nothing of the page was stored"}},
	{name: "a negative price in all rows", only: gecko, fault: simulator.Fault{Kind: "negative", Rows: -1}, status: failed, says: []string{"30 of 30 items", "negative_amount"}},
}

// resumesAtPage2 checks that the first page stands and the next run goes on behind it.
func resumesAtPage2(t *testing.T, r *rig, run market.Run) {
	t.Helper()
	require.EqualValues(t, 1, run.Pages)
	require.Contains(t, r.checkpoint(t), `"page": 2`)
	r.cease(t)
	next := r.clean(t)
	require.Equal(t, len(r.latest(t))-pageSize, int(next.Extracted), "the run resumes at the page that it had reached")
}
