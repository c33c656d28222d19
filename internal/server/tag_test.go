package server_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server"
)

// tagged is a service whose answers last, over data whose version is set by the test.
type tagged struct {
	http.Handler
	version int64
	away    error
	asked   int
	during  func() // called while an answer is made
	control string
}

func newTagged(origins ...string) *tagged {
	s := &tagged{version: 7, during: func() {}, control: "private, no-cache"}
	o := options(slog.New(slog.DiscardHandler))
	o.Program, o.Origins = "1.0", server.NewOrigins(origins)
	o.DataVersion = func(context.Context) (int64, error) { return s.version, s.away }
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked++
		s.during()
		w.Header().Set("Cache-Control", s.control)
		if r.URL.Query().Has("wrong") {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
		_, _ = w.Write([]byte("rows"))
	})
	o.REST, o.GraphQL = answer, answer
	s.Handler = server.New(o)
	return s
}

func (s *tagged) get(t *testing.T, target string, headers ...string) *http.Response {
	return ask(t, s, "GET", target, append(headers, "x-api-key: "+readKey)...)
}

// Whoever has the answer of today is told so, and no handler is asked.
func TestALastingAnswerIsNotMadeAgain(t *testing.T) {
	s := newTagged()
	for i, target := range []string{"/data?source=csv", "/stats", "/runs", "/graphql?query={a}"} {
		answer := s.get(t, target)
		tag := answer.Header.Get("ETag")
		require.Regexp(t, `^"[\w-]{24}"$`, tag)
		require.Equal(t, "private, no-cache", answer.Header.Get("Cache-Control"))
		require.Equal(t, "Accept", answer.Header.Get("Vary"))
		require.Equal(t, i+1, s.asked)
		for _, given := range []string{tag, `"x", ` + tag, "W/" + tag} {
			answer = s.get(t, target, "If-None-Match: "+given)
			require.Equal(t, http.StatusNotModified, answer.StatusCode, given)
			require.Equal(t, tag, answer.Header.Get("ETag"))
			body, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			require.Empty(t, body)
		}
		require.Equal(t, i+1, s.asked)
	}
}

// Whoever has any answer at all wants none where there is one; what is wrong is said nevertheless.
func TestAnyAnswerIsEnoughForWhoSaysSo(t *testing.T) {
	s := newTagged()
	tag := s.get(t, "/data").Header.Get("ETag")
	for _, target := range []string{"/data", "/stats", "/runs", "/graphql?query={a}"} {
		answer := s.get(t, target, "If-None-Match: *")
		require.Equal(t, http.StatusNotModified, answer.StatusCode, target)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Empty(t, body)
	}
	require.Equal(t, tag, s.get(t, "/data", "If-None-Match: *").Header.Get("ETag"))
	require.Equal(t, http.StatusUnprocessableEntity, s.get(t, "/data?wrong", "If-None-Match: *").StatusCode)
	require.Equal(t, http.StatusOK, s.get(t, "/data", `If-None-Match: "*"`).StatusCode, "a tag like any other")
	s.during = func() { s.version++ }
	answer := s.get(t, "/data", "If-None-Match: *")
	require.Equal(t, http.StatusNotModified, answer.StatusCode)
	require.Empty(t, answer.Header.Get("ETag"))
	s.control = "no-store"
	require.Equal(t, http.StatusOK, s.get(t, "/data", "If-None-Match: *").StatusCode, "it has no tag")
}

func TestATagStandsForOneAnswer(t *testing.T) {
	s := newTagged()
	first := s.get(t, "/data").Header.Get("ETag")
	require.Equal(t, first, s.get(t, "/data").Header.Get("ETag"))
	for _, other := range []string{
		s.get(t, "/data?limit=5").Header.Get("ETag"), s.get(t, "/stats").Header.Get("ETag"), s.get(t, "/data", "Accept: text/csv").Header.Get("ETag"),
		ask(t, s, "GET", "/data", "x-api-key: "+adminKey).Header.Get("ETag"),
	} {
		require.NotEmpty(t, other)
		require.NotEqual(t, first, other)
	}
	s.version++
	answer := s.get(t, "/data", "If-None-Match: "+first)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.NotEqual(t, first, answer.Header.Get("ETag"))
}

// What may hold some of the data before a commit and some of that behind it has no tag; nor has what is wrong, what
// does not last, or what is made while nobody knows the version.
func TestWhatIsNotOfOneVersionHasNoTag(t *testing.T) {
	for name, spoil := range map[string]func(*tagged){
		"data changes meanwhile": func(s *tagged) { s.during = func() { s.version++ } },
		"passes with time":       func(s *tagged) { s.control = "no-store" },
		"database away":          func(s *tagged) { s.away = errors.New("away") },
		"goes away meanwhile":    func(s *tagged) { s.during = func() { s.away = errors.New("away") } },
	} {
		s := newTagged()
		spoil(s)
		answer := s.get(t, "/data")
		require.Equal(t, http.StatusOK, answer.StatusCode, name)
		require.Empty(t, answer.Header.Get("ETag"), name)
	}
	s := newTagged()
	answer := s.get(t, "/data?wrong")
	require.Empty(t, answer.Header.Get("ETag"))
	require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	require.Empty(t, ask(t, s, "POST", "/graphql", "x-api-key: "+readKey).Header.Get("ETag"))
	require.Equal(t, http.StatusUnauthorized, ask(t, s, "GET", "/data", "If-None-Match: "+s.get(t, "/data").Header.Get("ETag")).StatusCode)
}
