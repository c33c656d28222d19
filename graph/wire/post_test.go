package wire_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestOnlyJSONIsRead(t *testing.T) {
	w := newWorld(t)
	const needed = ": send the query as application/json in UTF-8"
	for header, why := range map[string]string{
		"":                                  "the request has no Content-Type" + needed,
		"text/plain":                        `"text/plain" is not understood` + needed,
		"application/x-www-form-urlencoded": `"application/x-www-form-urlencoded" is not understood` + needed,
		"multipart/form-data; boundary=x":   `"multipart/form-data; boundary=x" is not understood` + needed,
		"application/graphql":               `"application/graphql" is not understood` + needed,
		response:                            `"application/graphql-response+json" is not understood` + needed,
		"application/jsonp":                 `"application/jsonp" is not understood` + needed,
		"text/plain, application/json":      `"text/plain, application/json" is not understood` + needed,
		plain + "; charset=":                `"application/json; charset=" is not understood` + needed,
		plain + "; charset=latin1":          `the charset "latin1" is not understood` + needed,
		plain + "; charset=utf-16":          `the charset "utf-16" is not understood` + needed,
	} {
		t.Run(header, func(t *testing.T) {
			heard := w.listens()
			w.ask(t, http.MethodPost, "/", strings.NewReader(asked), "Content-Type", header).
				refused(t, http.StatusUnsupportedMediaType, why)
			require.Empty(t, heard.RawQuery, "nothing is run")
		})
	}
	for _, header := range []string{plain, "Application/JSON", plain + ";charset=utf-8", plain + `; charset="UTF-8"`, plain + "; x=y"} {
		got := w.ask(t, http.MethodPost, "/", strings.NewReader(asked), "Content-Type", header)
		require.Equal(t, http.StatusOK, got.StatusCode, header)
	}
}

func TestABodyOfTooManyBytes(t *testing.T) {
	w := newWorld(t)
	fits := asked + strings.Repeat(" ", largest-len(asked))
	for name, body := range map[string]func(string) io.Reader{
		"length told": func(s string) io.Reader { return strings.NewReader(s) },
		"in chunks":   func(s string) io.Reader { return iotest.OneByteReader(strings.NewReader(s)) },
	} {
		t.Run(name, func(t *testing.T) {
			got := w.ask(t, http.MethodPost, "/", body(fits), "Content-Type", plain)
			require.Equal(t, http.StatusOK, got.StatusCode, got.text)
			w.ask(t, http.MethodPost, "/", body(fits+" "), "Content-Type", plain).
				refused(t, http.StatusRequestEntityTooLarge, "the body has more than 1000 bytes, the most that are allowed")
		})
	}
}

func TestABodyThatBreaksOff(t *testing.T) {
	w := newWorld(t)
	heard := w.listens()
	r := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(strings.NewReader(asked), iotest.ErrReader(errors.New("reset"))))
	r.Header.Set("Content-Type", plain)
	got := httptest.NewRecorder()
	w.ServeHTTP(got, r)
	reply{got.Result(), got.Body.String()}.refused(t, http.StatusBadRequest, "the body could not be read to its end")
	require.Empty(t, heard.RawQuery, "nothing is run")
}

func TestBodiesThatAreNoRequest(t *testing.T) {
	w := newWorld(t)
	const (
		empty     = `the body is empty: send {"query": "..."}`
		list      = "the body is a list: batches are not taken, send one query at a time"
		encoding  = "the body is no UTF-8"
		noObject  = `the body is no JSON object: send {"query": "..."}`
		noQuery   = `there is no query: send {"query": "..."}`
		query     = "query must be a text, or left out"
		name      = "operationName must be a text, or left out"
		variables = "variables must be an object, or left out"
		extension = "extensions must be an object, or left out"
	)
	for body, why := range map[string]string{
		"": empty, " \r\n\t": empty,
		"[]": list, "[" + asked + "]": list, " \n[": list,
		"{\"query\": \"{ any(of: \\\"\xff\\\") }\"}": encoding, "\xef\xbb\xbf\xc3": encoding,
		"{": noObject, "null": noObject, "1": noObject, `"{ any }"`: noObject, "true": noObject, "{ any }": noObject, "query={any}": noObject,
		asked + asked: noObject, asked + "]": noObject, asked + "x": noObject, "\xef\xbb\xbf" + asked: noObject, `{"query": "{ any }",}`: noObject,
		"{}": noQuery, `{"query": ""}`: noQuery, `{"query": null}`: noQuery, `{"Query": "{ any }"}`: noQuery,
		`{"operationName": "A"}`: noQuery, `{"extensions": {"persistedQuery": null}}`: noQuery,
		`{"query": 1}`: query, `{"query": ["{ any }"]}`: query, `{"query": {"a": 1}}`: query, `{"query": false}`: query,
		`{"query": "{ any }", "operationName": 1}`: name, `{"query": "{ any }", "operationName": ["A"]}`: name,
		`{"query": "{ any }", "operationName": {}}`: name, `{"query": "{ any }", "operationName": true}`: name,
		`{"query": "{ any }", "variables": "{}"}`: variables, `{"query": "{ any }", "variables": []}`: variables,
		`{"query": "{ any }", "variables": 7}`: variables, `{"query": "{ any }", "variables": false}`: variables,
		`{"query": "{ any }", "extensions": ""}`: extension, `{"query": "{ any }", "extensions": [1]}`: extension,
		`{"query": "{ any }", "extensions": 0}`: extension, `{"query": "{ any }", "extensions": true}`: extension,
	} {
		t.Run(body, func(t *testing.T) {
			heard := w.listens()
			w.post(t, body, "Accept", plain).refused(t, http.StatusBadRequest, why)
			w.post(t, body, "Accept", response).refused(t, http.StatusBadRequest, why)
			require.Empty(t, heard.RawQuery, "nothing is run")
		})
	}
}

func TestWhatIsNullOrUnknownIsLikeLeftOut(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{
		asked, "\r\n\t " + asked + "\n",
		`{"query": "{ any }", "operationName": null, "variables": null, "extensions": null}`,
		`{"query": "{ any }", "operationName": "", "variables": {}, "extensions": {}}`,
		`{"query": "{ any }", "id": 1, "": [], "Variables": 7, "QUERY": false, "document": {"a": null}}`,
	} {
		heard := w.listens()
		got := w.post(t, body)
		require.Equal(t, `{"data":{"any":1}}`, got.text, body)
		require.Equal(t, "{ any }", heard.RawQuery)
		require.Empty(t, heard.OperationName)
		require.Empty(t, heard.Variables)
		require.Empty(t, heard.Extensions)
	}
}
