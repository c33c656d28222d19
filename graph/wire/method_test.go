package wire_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMethodsThatAreNotServed(t *testing.T) {
	w := newWorld(t)
	for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace, "QUERY"} {
		t.Run(method, func(t *testing.T) {
			heard := w.listens()
			got := w.ask(t, method, "/?query={any}", strings.NewReader(asked), "Content-Type", plain, "Accept", response)
			got.refused(t, http.StatusMethodNotAllowed, "queries come by GET or POST")
			require.Equal(t, "GET, HEAD, POST, OPTIONS", got.Header.Get("Allow"))
			require.Equal(t, response+"; charset=utf-8", got.Header.Get("Content-Type"))
			require.Empty(t, heard.RawQuery, "nothing is run")
		})
	}
}

func TestOptionsAreTold(t *testing.T) {
	w := newWorld(t)
	for _, accept := range []string{"", plain, "text/html"} {
		got := w.ask(t, http.MethodOptions, "/", nil, "Accept", accept)
		require.Equal(t, http.StatusNoContent, got.StatusCode)
		require.Equal(t, "GET, HEAD, POST, OPTIONS", got.Header.Get("Allow"))
		require.Empty(t, got.text)
	}
}

func TestHeadIsAGetWithoutTheBody(t *testing.T) {
	w := newWorld(t)
	for path, status := range map[string]int{"/?query={any}": 200, "/?query={nothing}": 400, "/": 400} {
		heard := w.listens()
		want := w.ask(t, http.MethodGet, path, nil, "Accept", response)
		got := w.ask(t, http.MethodHead, path, nil, "Accept", response)
		require.Equal(t, status, got.StatusCode, path)
		require.Equal(t, want.StatusCode, got.StatusCode)
		require.Empty(t, got.text)
		require.NotEmpty(t, want.text)
		require.Equal(t, want.ContentLength, got.ContentLength)
		require.Equal(t, want.Header.Get("Content-Type"), got.Header.Get("Content-Type"))
		require.Equal(t, status == 200, heard.RawQuery == "{any}")
	}
}

// Whatever the media type: that a mutation is asked for by GET is a matter of HTTP.
func TestAMutationComesByPostOnly(t *testing.T) {
	w := newWorld(t)
	const path = "/?query=query+A{any}+mutation+B{change}&operationName="
	for _, accept := range []string{plain, response} {
		heard := w.listens()
		got := w.ask(t, http.MethodGet, path+"B", nil, "Accept", accept)
		got.refused(t, http.StatusMethodNotAllowed, "a mutation comes by POST")
		require.Equal(t, "POST", got.Header.Get("Allow"))
		require.Equal(t, http.StatusMethodNotAllowed, w.ask(t, http.MethodHead, path+"B", nil, "Accept", accept).StatusCode)
		require.Empty(t, heard.RawQuery, "nothing is run")
		require.Equal(t, http.StatusOK, w.ask(t, http.MethodGet, path+"A", nil, "Accept", accept).StatusCode)
	}
	heard := w.listens()
	require.Equal(t, http.StatusOK, w.post(t, `{"query": "mutation { change }"}`).StatusCode)
	require.Equal(t, "mutation { change }", heard.RawQuery)
}

func TestASubscriptionIsToldWhereToGo(t *testing.T) {
	w := newWorld(t)
	const why = "a subscription goes on and on, which a single answer cannot"
	for _, accept := range []string{plain, response} {
		heard := w.listens()
		w.post(t, `{"query": "subscription { ticks }"}`, "Accept", accept).refused(t, http.StatusBadRequest, why)
		w.get(t, "query", "subscription { ticks }").refused(t, http.StatusBadRequest, why)
		require.Empty(t, heard.RawQuery, "nothing is run")
	}
}
