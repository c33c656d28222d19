package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Encoding it again would sort keys, escape signs and round numbers.
func TestDataIsSentByteByByte(t *testing.T) {
	w := newWorld(t)
	for _, data := range []string{
		`null`, `{}`, `{ "b" : 1e2 ,"a":[ 0.10, 12345678901234567890123 ] }`, `{"a":"<&>` + "\u2028" + `\u00fc\/"}`, "{\n\t\"any\": 1\n}\n",
		`{"a":"` + strings.Repeat("long ", 100_000) + `"}`,
	} {
		w.says(data)
		got := w.post(t, asked)
		require.Equal(t, http.StatusOK, got.StatusCode)
		require.Equal(t, `{"data":`+data+`}`, got.text)
		require.Equal(t, strconv.Itoa(len(got.text)), got.Header.Get("Content-Length"))
		require.Empty(t, got.TransferEncoding)
	}
}

func TestTheOrderIsErrorsDataExtensions(t *testing.T) {
	w := newWorld(t)
	failed := gqlerror.List{{Message: "zwölf < 13"}, {Message: "b"}}
	for want, answer := range map[string]graphql.Response{
		`{"errors":[{"message":"zwölf \u003c 13"},{"message":"b"}],"data":{"any":null}}`: {Data: json.RawMessage(`{"any":null}`), Errors: failed},
		`{"errors":[{"message":"b"}],"data":null}`:                                       {Data: json.RawMessage(`null`), Errors: failed[1:]},
		`{"data":{},"extensions":{"cost":1}}`:                                            {Data: json.RawMessage(`{}`), Extensions: map[string]any{"cost": 1}},
		`{"errors":[{"message":"b"}],"data":{},"extensions":{"cost":1}}`: {
			Data: json.RawMessage(`{}`), Errors: failed[1:], Extensions: map[string]any{"cost": 1}},
	} {
		w.answer = func(ctx context.Context) *graphql.Response {
			for name, value := range answer.Extensions {
				graphql.RegisterExtension(ctx, name, value)
			}
			return &graphql.Response{Data: answer.Data, Errors: answer.Errors}
		}
		for _, accept := range []string{plain, response} {
			got := w.post(t, asked, "Accept", accept)
			require.Equal(t, http.StatusOK, got.StatusCode, "something was executed")
			require.Equal(t, want, got.text)
			require.EqualValues(t, len(want), got.ContentLength)
		}
	}
}

func TestWhereNothingWasExecutedThereIsNoData(t *testing.T) {
	w := newWorld(t)
	w.answer = func(ctx context.Context) *graphql.Response {
		graphql.RegisterExtension(ctx, "cost", 1)
		return &graphql.Response{Errors: gqlerror.List{{Message: "not today"}}}
	}
	for accept, status := range map[string]int{plain: http.StatusOK, response: http.StatusBadRequest} {
		got := w.post(t, asked, "Accept", accept)
		require.Equal(t, status, got.StatusCode)
		require.Equal(t, `{"errors":[{"message":"not today"}],"extensions":{"cost":1}}`, got.text)
	}
}

func TestAnAnswerThatCannotBeWritten(t *testing.T) {
	w := newWorld(t)
	for name, answer := range map[string]func(context.Context) *graphql.Response{
		"extensions": func(ctx context.Context) *graphql.Response {
			graphql.RegisterExtension(ctx, "broken", func() {})
			return &graphql.Response{Data: json.RawMessage(`{"any":1}`)}
		},
		"errors": func(context.Context) *graphql.Response {
			return &graphql.Response{Data: json.RawMessage(`{"any":1}`), Errors: gqlerror.List{{Extensions: map[string]any{"broken": func() {}}}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w.answer = answer
			got := w.post(t, asked)
			require.Equal(t, http.StatusInternalServerError, got.StatusCode)
			require.Equal(t, `{"errors":[{"message":"the answer could not be written"}]}`, got.text)
			require.EqualValues(t, len(got.text), got.ContentLength)
		})
	}
}

func TestErrorsOfARequestAreNotListedWithoutEnd(t *testing.T) {
	w := newWorld(t)
	const four = `{"query": "{ a b c d }"}`
	for most, listed := range map[int]int{0: 4, 1: 1, 3: 3, 4: 4, 5: 4} {
		w.Errors = most
		require.Len(t, w.post(t, four).errors(t), listed)
	}
}

func TestTheTimeOfARequest(t *testing.T) {
	w := newWorld(t)
	for _, limit := range []time.Duration{0, time.Hour} {
		w.Time = limit
		w.answer = func(ctx context.Context) *graphql.Response {
			_, limited := ctx.Deadline()
			return &graphql.Response{Data: json.RawMessage(strconv.FormatBool(limited))}
		}
		require.Equal(t, `{"data":`+strconv.FormatBool(limit > 0)+`}`, w.post(t, asked).text)
	}
	w.Time = time.Nanosecond // over before anything is run
	for accept, status := range map[string]int{plain: http.StatusOK, response: http.StatusBadRequest} {
		got := w.post(t, asked, "Accept", accept)
		require.Equal(t, status, got.StatusCode)
		require.Equal(t, `{"errors":[{"message":"context deadline exceeded"}]}`, got.text)
	}
}

// Whoever stands around the handler logs panics and counts them.
func TestAPanicGoesOn(t *testing.T) {
	w := newWorld(t)
	broken := errors.New("broken")
	w.answer = func(context.Context) *graphql.Response { panic(broken) }
	r := httptest.NewRequest(http.MethodGet, "/?query={any}", nil)
	got := httptest.NewRecorder()
	require.PanicsWithValue(t, broken, func() { w.ServeHTTP(got, r) })
	require.Empty(t, got.Body.String())
}
