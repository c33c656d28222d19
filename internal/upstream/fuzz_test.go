package upstream

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzArray holds the split of a list against that of the standard library where that understands
// it, and otherwise against the list itself: the elements and what JSON allows between them are all
// that it is made of.
func FuzzArray(f *testing.F) {
	for _, body := range []string{
		`[]`, ` [ ] `, `[1,"a",{"b":[2,{}]},null]`, `[{"a":NaN}, {"b":1e400}]`, `["\u0000","\ud800","\\","\"]"]`, "[\"\xff\"]",
		`[1,]`, `[,]`, `[1] 2`, `[[[`, `[{]}`, `{"a":[1]}`, `null`, `"a" [1]`, `]`, "[\n1\t,\r2]", "[\v1]", `["a`, `["a\`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		elements, whole := split(body)
		require.Equal(t, whole, balanced(body))
		if isList := bytes.HasPrefix(bytes.Trim(body, space), []byte("[")); isList && json.Valid(body) {
			var want []json.RawMessage
			require.NoError(t, json.Unmarshal(body, &want))
			require.True(t, whole)
			require.Equal(t, want, elements)
		}
		if whole {
			requireMadeOf(t, body, elements)
		}
		if judgeDocument(http.StatusOK, body) == nil && bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
			got, err := Response{Status: http.StatusOK, Body: body}.Array()
			require.NoError(t, err, "what was let in cannot be read")
			require.Equal(t, elements, got)
		}
	})
}

func requireMadeOf(t *testing.T, body []byte, elements []json.RawMessage) {
	t.Helper()
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(body, space), []byte("["))
	require.True(t, ok)
	for i, element := range elements {
		if i > 0 {
			rest, ok = bytes.CutPrefix(rest, []byte(","))
			require.True(t, ok, "no comma before element %d", i)
		}
		rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest, space), element)
		require.True(t, ok, "element %d is %q, but there follows %q", i, element, rest)
		rest = bytes.TrimLeft(rest, space)
	}
	require.Equal(t, "]", string(bytes.Trim(rest, space)))
}

func FuzzRetryAfter(f *testing.F) {
	const date = "Wed, 16 Nov 2022 12:33:59 GMT"
	for _, after := range []string{
		"", "0", "-1", "120", " 7", "+5", "1e3", "1.5", "soon", "86400", "99999999999999999999", "-99999999999999999999", date,
		"Wed, 16 Nov 2022 12:34:09 GMT", "Wednesday, 16-Nov-22 12:34:09 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT",
	} {
		f.Add(after, date)
		f.Add(after, "")
	}
	f.Fuzz(func(t *testing.T, after, date string) {
		wait := retryAfter(http.Header{"Retry-After": {after}, "Date": {date}})
		require.GreaterOrEqual(t, wait, time.Duration(0))
		onlyDigits := after != "" && strings.Trim(after, "0123456789") == ""
		if onlyDigits {
			require.Equal(t, strings.Trim(after, "0") != "", wait > 0, "a number of seconds is heard, and none is none")
		}
		if len(after) <= 9 && onlyDigits {
			want, err := time.ParseDuration(after + "s")
			require.NoError(t, err)
			require.Equal(t, want, wait)
		}
	})
}

func FuzzSaid(f *testing.F) {
	for _, body := range []string{
		"", "Throttled\n", `"text"`, `{"error":"coin not found"}`, `{"status":500,"error":"no"}`, `{"error":{"status":{"error_code":10012,"error_message":"x"}}}`,
		`{"status":{"error_code":"429","error_message":null}}`, "<html><title>\nAccess &amp; more</title>", "<title", "\x00\xff", `{"error":["a"]}`,
		strings.Repeat(`{"error":`, 50) + `"deep"` + strings.Repeat("}", 50), strings.Repeat("wörd ", 2000),
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		text := said(body)
		require.True(t, utf8.ValidString(text))
		require.LessOrEqual(t, utf8.RuneCountInString(text), 200)
		require.Negative(t, strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }), "%q is more than a line", text)
		code, message := apiError(body)
		if !json.Valid(body) {
			require.Zero(t, code)
			require.Empty(t, message)
		}
		if failed := judgeDocument(http.StatusOK, body); failed != nil {
			failed.URL = address
			require.NotContains(t, failed.Error(), "\n")
			require.Less(t, len(failed.Error()), 1000)
		}
	})
}
