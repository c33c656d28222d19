package chaos_test

import (
	"net/http"
	"slices"
	"time"

	"github.com/kasparro/kasparro/internal/simulator"
)

// misbehaviour is one way of an upstream to let a run down, and the exit code of a program that bears it.
type misbehaviour struct {
	name    string
	fault   simulator.Fault // its upstream is still to be said
	exit    int
	paprika bool // CoinPaprika, whose pages are cut from one answer, is tried as well
	minutes bool // it takes so long that only the long form has the time
}

// always is for as many requests as a run may make.
const always = 1000

func inADay() string { return time.Now().Add(24 * time.Hour).UTC().Format(http.TimeFormat) }

// waits are answers after which it is well to ask again, later.
var waits = []misbehaviour{
	{name: "429, Retry-After 1", fault: simulator.Fault{Kind: "rate_limit", RetryAfter: "1"}},
	{name: "429, Retry-After 0", fault: simulator.Fault{Kind: "rate_limit", RetryAfter: "0"}},
	{name: "429, Retry-After in the past", fault: simulator.Fault{Kind: "rate_limit", RetryAfter: "Wed, 21 Oct 2015 07:28:00 GMT"}},
	{name: "429, Retry-After of a day", fault: simulator.Fault{Kind: "rate_limit", RetryAfter: "86400"}, exit: 1},
	{name: "429, Retry-After tomorrow", fault: simulator.Fault{Kind: "rate_limit_html", RetryAfter: inADay()}, exit: 1},
	{name: "429 as HTML, then fine", fault: simulator.Fault{Kind: "rate_limit_html", RetryAfter: "0"}},
	{name: "429 as plain text, then fine", fault: simulator.Fault{Kind: "rate_limit_text"}},
	{name: "429 within a 200, then fine", fault: simulator.Fault{Kind: "rate_limit_in_200"}, paprika: true},
	{name: "500 twice, then fine", fault: simulator.Fault{Kind: "error_500", Times: 2}},
	{name: "503, then fine", fault: simulator.Fault{Kind: "error_503"}, paprika: true},
	{name: "HTML with 200, then fine", fault: simulator.Fault{Kind: "html"}},
	{name: "half a body, then fine", fault: simulator.Fault{Kind: "half_body"}, paprika: true},
	{name: "500 for good", fault: simulator.Fault{Kind: "error_500", Times: always}, exit: 1, minutes: true},
	{name: "HTML with 200 for good", fault: simulator.Fault{Kind: "html", Times: always}, exit: 1, minutes: true},
	{name: "1 byte a second, then fine", fault: simulator.Fault{Kind: "trickle"}, minutes: true},
}

// refusals are answers after which nothing helps.
var refusals = []misbehaviour{
	{name: "401", fault: simulator.Fault{Kind: "unauthorized"}, exit: 1},
	{name: "402", fault: simulator.Fault{Kind: "payment_required"}, exit: 1, paprika: true},
	{name: "403", fault: simulator.Fault{Kind: "forbidden"}, exit: 1},
	{name: "403 on the second page", fault: simulator.Fault{Kind: "forbidden", After: 1}, exit: 3},
	{name: "redirect to another host", fault: simulator.Fault{Kind: "redirect", Location: "http://elsewhere.invalid/"}, exit: 1},
	{name: "body of 2 GB", fault: simulator.Fault{Kind: "huge_body"}, exit: 1},
	{name: "gzip bomb", fault: simulator.Fault{Kind: "gzip_bomb"}, exit: 1},
	{name: "price by another name", fault: simulator.Fault{Kind: "schema", Rename: map[string]string{"current_price": "cost", "price": "cost"}}, exit: 1, paprika: true},
	{name: "negative prices everywhere", fault: simulator.Fault{Kind: "negative", Rows: -1, Times: always}, exit: 1},
}

// lists are of the wrong coins.
var lists = []misbehaviour{
	{name: "endless next page", fault: simulator.Fault{Kind: "endless", Times: always}},
	{name: "empty list", fault: simulator.Fault{Kind: "empty", Times: always}, exit: 3, paprika: true},
	{name: "empty second page", fault: simulator.Fault{Kind: "empty", After: 1, Times: always}},
	{name: "half the coins gone", fault: simulator.Fault{Kind: "half_gone", Times: always}, paprika: true},
	{name: "doubled ids", fault: simulator.Fault{Kind: "doubled", Times: always}, paprika: true},
	{name: "rows moving across pages", fault: simulator.Fault{Kind: "moved", Times: always}},
	{name: "time going backwards", fault: simulator.Fault{Kind: "backwards", Times: always}, paprika: true},
	{name: "all prices times ten", fault: simulator.Fault{Kind: "price_jump", Times: always}},
}

// rowsOf are lists with a row that cannot be, or that can after all.
var rowsOf = []misbehaviour{
	{name: "last_updated in 2999", fault: simulator.Fault{Kind: "future"}},
	{name: "price of NaN", fault: simulator.Fault{Kind: "nan"}, paprika: true},
	{name: "price of 1e400", fault: simulator.Fault{Kind: "huge_number"}},
	{name: "numbers as strings", fault: simulator.Fault{Kind: "text_numbers", Rows: -1, Times: always}},
	{name: "negative price", fault: simulator.Fault{Kind: "negative", Rows: 9}, paprika: true},
	{name: "NUL in a name", fault: simulator.Fault{Kind: "nul"}},
	{name: "lone surrogate in a name", fault: simulator.Fault{Kind: "surrogate"}},
	{name: "invalid UTF-8 in a name", fault: simulator.Fault{Kind: "invalid_utf8"}, paprika: true},
}

// ofPaprika are all that CoinPaprika is tried with, which is one page and so fails as a whole or not at all.
func ofPaprika(groups ...[]misbehaviour) (own []misbehaviour) {
	return slices.DeleteFunc(slices.Concat(groups...), func(m misbehaviour) bool { return !m.paprika })
}
