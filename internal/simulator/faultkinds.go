package simulator

import "slices"

// stage is where in the making of an answer a fault steps in.
type stage int

const (
	instead   stage = iota // answers in the API's place
	late                   // gives the API's answer, but not at once
	relisted               // changes which rows the API lists; lists only
	rewritten              // changes a value in some of the rows; lists only
	spoilt                 // changes the bytes of the API's answer
)

// faultKind is one way to misbehave.
type faultKind struct {
	name  string
	stage stage
	about string
}

// faultKinds are all kinds of faults, in the order in which they are named to people.
var faultKinds = []faultKind{
	{"rate_limit", instead, "429 in the API's own words"},
	{"rate_limit_html", instead, "429 with a page of the proxy before the API"},
	{"rate_limit_in_200", instead, "the words of a 429 with status 200"},
	{"error_500", instead, "500 in the API's own words"},
	{"rate_limit_text", instead, "429 with the plain text Throttled"},
	{"error_503", instead, "503 in the API's own words"},
	{"not_found", instead, "404 in the API's own words"},
	{"html", instead, "200 with a page about maintenance"},
	{"half_body", spoilt, "half of the body, then the connection is dropped"},
	{"stall", late, "no answer until the client leaves or the faults are cleared"},
	{"schema", spoilt, "fields of the names in rename, remove and retype are changed wherever they stand"},
	{"unauthorized", instead, "401 in the API's own words"},
	{"payment_required", instead, "402 in the API's own words"},
	{"forbidden", instead, "403 in the API's own words"},
	{"empty", instead, "an empty list"},
	{"slow", late, "the answer after delay, 2s if not given"},
	{"trickle", late, "a byte of the answer every delay, 1s if not given"},
	{"gzip_bomb", instead, "1 MB of gzip that is 1 GiB of JSON: an empty list with room in it"},
	{"huge_body", instead, "2 GiB of JSON, or less if the client leaves: an empty list with room in it"},
	{"redirect", instead, "302 to location"},
	{"half_gone", relisted, "every second coin is missing"},
	{"doubled", relisted, "every row comes twice"},
	{"backwards", relisted, "what was to be seen an hour before"},
	{"endless", relisted, "behind the last coin the first one comes again: every page is full; coingecko only"},
	{"moved", relisted, "every page but the first begins ten rows early, as if coins had moved down; coingecko only"},
	{"nan", rewritten, "the price is NaN, which is no JSON"},
	{"huge_number", rewritten, "the price is 1e400"},
	{"negative", rewritten, "the price is negative"},
	{"text_numbers", rewritten, "price, market cap, volume and supplies are strings"},
	{"nul", rewritten, `the name ends in \u0000`},
	{"surrogate", rewritten, `the name ends in a lone \ud800`},
	{"invalid_utf8", rewritten, "the name ends in a byte that is no UTF-8"},
	{"future", rewritten, "last_updated is in 2999"},
	{"price_jump", rewritten, "the price is ten times what it was"},
}

func faultNames() []string {
	names := make([]string, len(faultKinds))
	for i, k := range faultKinds {
		names[i] = k.name
	}
	return names
}

// kindOfFault finds a kind by its name.
func kindOfFault(name string) (faultKind, bool) {
	i := slices.IndexFunc(faultKinds, func(k faultKind) bool { return k.name == name })
	if i < 0 {
		return faultKind{}, false
	}
	return faultKinds[i], true
}

// steps says where the fault steps in; its kind was checked when it came.
func (f *Fault) steps() stage {
	k, _ := kindOfFault(f.Kind)
	return k.stage
}

// spoilsLists says that the fault makes sense with lists of coins only.
func (f *Fault) spoilsLists() bool { return f.steps() == relisted || f.steps() == rewritten }

// spoils says that the fault changes what the API would have said.
func (f *Fault) spoils() bool { return f.spoilsLists() || f.steps() == spoilt }
