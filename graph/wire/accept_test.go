package wire_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

const asked = `{"query": "{ any }"}`

func TestTheClientSaysInWhatItIsAnswered(t *testing.T) {
	w := newWorld(t)
	for accept, want := range map[string]string{
		"":                       plain,
		" ":                      plain,
		"*/*":                    plain,
		"application/*":          plain,
		"application/json":       plain,
		"APPLICATION/JSON":       plain,
		response:                 response,
		response + ", " + plain:  plain,
		plain + "," + response:   plain,
		response + ", */*":       response,
		plain + ", */*":          plain,
		"*/*, application/*":     plain,
		"text/html, */*;q=0.8":   plain,
		"text/html, " + response: response,

		response + "; q=1.0, " + plain + "; q=0.9":  response,
		response + ";q=0.8," + plain + ";q=0.9":     plain,
		response + ";Q=0.8 , " + plain + " ; Q=0.7": response,
		plain + ";q=0.5, " + response:               response,
		plain + ";q=0.5, */*":                       response, // as much as the other is liked
		plain + ";q=0, */*":                         response,
		response + ";q=0, */*":                      plain,
		response + ";q=0.1, */*;q=0.2":              plain,
		"*/*;q=0, " + response + ";q=0.1":           response,
		"*/*;q=0, application/*, " + plain + ";q=0": response, // the more exact range counts
		plain + ";q=2, " + response + ";q=0.1":      response, // a weight that is none
		plain + ";q=NaN, " + response + ";q=0.1":    response,
		plain + ";q=much, " + response + ";q=0.1":   response,

		plain + "; charset=utf-8":                    plain,
		response + "; charset=UTF-8":                 response,
		response + `; charset="utf-8"`:               response,
		plain + "; charset=latin1, " + response:      response,
		response + "; charset=latin1, " + plain:      plain,
		response + "; charset=latin1, */*; q=0.1":    plain,
		response + "; profile=\"x\"":                 response,
		"garbage, ;, " + response:                    response,
		response + "; half=\"":                       response,
		plain + "; charset=latin1, " + plain:         plain,
		"application/*;q=0.2, " + response + ";q=.3": response,
	} {
		t.Run(accept, func(t *testing.T) {
			got := w.post(t, asked, "Accept", accept)
			require.Equal(t, http.StatusOK, got.StatusCode, got.text)
			require.Equal(t, want+"; charset=utf-8", got.Header.Get("Content-Type"))
			require.Equal(t, []string{"Accept"}, got.Header.Values("Vary"))
			require.Equal(t, `{"data":{"any":1}}`, got.text)
		})
	}
}

func TestSeveralAcceptHeadersAreOne(t *testing.T) {
	w := newWorld(t)
	got := w.post(t, asked, "Accept", plain+";q=0.2", "Accept", "text/html", "Accept", response+";q=0.3")
	require.Equal(t, response+"; charset=utf-8", got.Header.Get("Content-Type"))
}

func TestNothingThatIsAcceptedCanBeMade(t *testing.T) {
	w := newWorld(t)
	for _, accept := range []string{
		"text/html", "text/*", "application/xml, text/plain", plain + ";q=0", "*/*;q=0", plain + ";q=-1",
		plain + "; charset=latin1", response + "; charset=utf-16", plain + ";q=0, " + response + ";q=0, */*", "json", ",", ";q=1",
	} {
		t.Run(accept, func(t *testing.T) {
			heard := w.listens()
			got := w.post(t, asked, "Accept", accept)
			got.refused(t, http.StatusNotAcceptable,
				"an answer is made in application/graphql-response+json or application/json: accept one of them")
			require.Equal(t, plain+"; charset=utf-8", got.Header.Get("Content-Type"))
			require.Empty(t, heard.RawQuery, "nothing is run")
		})
	}
}

// A GraphQL request that cannot be executed is a success of HTTP in the one media type and none in the other.
func TestEachMediaTypeHasItsStatuses(t *testing.T) {
	w := newWorld(t)
	for body, want := range map[string]struct {
		plain, response int
		begins          string
	}{
		asked:                      {200, 200, `{"data":`},
		`{"query": "{ "}`:          {200, 400, `{"errors":[`},
		`{"query": "{ nothing }"}`: {200, 400, `{"errors":[`},
		`{"query": "query ($i: Int) { any(int: $i) }", "variables": {"i": "x"}}`: {200, 400, `{"errors":[`},
		`{"query": "query A { any } query B { any }"}`:                           {200, 400, `{"errors":[`},
		`{"query": "{ any }", "operationName": "A"}`:                             {200, 400, `{"errors":[`},
		`{"query": 1}`: {400, 400, `{"errors":[`}, // no GraphQL request at all
		`{`:            {400, 400, `{"errors":[`},
	} {
		t.Run(body, func(t *testing.T) {
			for accept, status := range map[string]int{plain: want.plain, response: want.response, "": want.plain} {
				got := w.post(t, body, "Accept", accept)
				require.Equal(t, status, got.StatusCode, got.text)
				require.Equal(t, want.begins, got.text[:len(want.begins)])
				if len(got.errors(t)) > 0 {
					require.NotContains(t, got.text, `"data"`)
				}
			}
		})
	}
}
