package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// read reads the parameters of a request; the error says what is wrong with it, a refusal also with what
// status.
func read(r *http.Request) (*graphql.RawParams, error) {
	if r.Method != http.MethodPost {
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil { // what can be read of it is not what was asked
			return nil, fmt.Errorf("the query string cannot be read: %w", err)
		}
		return fromQuery(query)
	}
	if err := checkContentType(r.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes, the most that are allowed", tooLarge.Limit)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, refusal{http.StatusRequestTimeout, "the body took too long to arrive"}
	case err != nil:
		return nil, refusal{http.StatusBadRequest, "the body could not be read to its end"}
	}
	return fromBody(body)
}

// checkContentType lets JSON in UTF-8 through and nothing else: above all no form, which a browser sends from
// any site without asking.
func checkContentType(header string) error {
	const needed = "send the query as application/json in UTF-8"
	name, params, err := mime.ParseMediaType(header)
	switch charset := params["charset"]; {
	case strings.TrimSpace(header) == "":
		return refusal{http.StatusUnsupportedMediaType, "the request has no Content-Type: " + needed}
	case err != nil || name != "application/json":
		return refusal{http.StatusUnsupportedMediaType, fmt.Sprintf("%q is not understood: %s", header, needed)}
	case charset != "" && !strings.EqualFold(charset, "utf-8"):
		return refusal{http.StatusUnsupportedMediaType, fmt.Sprintf("the charset %q is not understood: %s", charset, needed)}
	}
	return nil
}

// fromQuery reads the parameters of a GET.
func fromQuery(query url.Values) (*graphql.RawParams, error) {
	fields := map[string]json.RawMessage{}
	for _, name := range []string{"query", "operationName", "variables", "extensions", DocumentID} {
		values := query[name]
		switch {
		case len(values) > 1:
			return nil, fmt.Errorf("%s is given %d times: once is enough", name, len(values))
		case len(values) == 0 || values[0] == "" && name != "query":
		case !utf8.ValidString(values[0]):
			return nil, fmt.Errorf("%s is no UTF-8", name)
		case name == "query" || name == "operationName" || name == DocumentID:
			text, err := json.Marshal(values[0])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			fields[name] = text
		default:
			fields[name] = json.RawMessage(values[0])
		}
	}
	return fromFields(fields)
}

// fromBody reads the parameters of a POST.
func fromBody(body []byte) (*graphql.RawParams, error) {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return nil, errors.New(`the body is empty: send {"query": "..."}`)
	case !utf8.Valid(body):
		return nil, errors.New("the body is no UTF-8")
	case body[0] == '[':
		return nil, errors.New("the body is a list: batches are not taken, send one query at a time")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return nil, errors.New(`the body is no JSON object: send {"query": "..."}`)
	}
	return fromFields(fields)
}

// DocumentID is where, among the extensions of an operation, the id of its document is, for whoever knows documents by
// their ids.
const DocumentID = "documentId"

// MaxValues is how many values variables or extensions may be made of: each takes many times its bytes.
const MaxValues = 20_000

// tooMuch says that a parameter is made of more values than it may be.
type tooMuch struct {
	what string
	met  int
}

// Error is for whoever asked.
func (t tooMuch) Error() string {
	return fmt.Sprintf("%s has %d values; at most %d are allowed", t.what, t.met, MaxValues)
}

// Figures are for clients that read no words.
func (t tooMuch) Figures() (met, limit int64) { return int64(t.met), MaxValues }

// commas counts those between the values of JSON.
func commas(raw []byte) (n int) {
	quoted := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == ',' && !quoted:
			n++
		}
	}
	return n
}

// fromFields checks the types. What is null counts as left out, and what is not known is left alone.
func fromFields(fields map[string]json.RawMessage) (*graphql.RawParams, error) {
	p := &graphql.RawParams{}
	var documentID string
	for _, f := range []struct {
		name string
		into any
		kind string
	}{
		{"query", &p.Query, "a text"}, {"operationName", &p.OperationName, "a text"},
		{"variables", &p.Variables, "an object"}, {"extensions", &p.Extensions, "an object"}, {DocumentID, &documentID, "a text"},
	} {
		raw, given := fields[f.name]
		if !given {
			continue
		}
		if met := commas(raw) + 1; met > MaxValues {
			return nil, tooMuch{f.name, met}
		}
		if err := decode(raw, f.into); err != nil {
			return nil, fmt.Errorf("%s must be %s, or left out", f.name, f.kind)
		}
	}
	delete(p.Extensions, DocumentID)
	if documentID != "" {
		if p.Query != "" {
			return nil, errors.New("both query and documentId are given: send one of them")
		}
		if p.Extensions == nil {
			p.Extensions = map[string]any{}
		}
		p.Extensions[DocumentID] = documentID
		return p, nil
	}
	if p.Query == "" && p.Extensions["persistedQuery"] == nil {
		return nil, errors.New(`there is no query: send {"query": "..."}`)
	}
	return p, nil
}

// decode reads one JSON value with nothing behind it. A number goes on as it is written.
func decode(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}
