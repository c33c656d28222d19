package upstream

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fast never waits long, for tests over real connections.
func fast() *Client { return New(Options{BaseWait: time.Nanosecond, MaxWait: 50 * time.Millisecond}) }

func serve(t *testing.T, handle http.HandlerFunc) string {
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.URL
}

func TestGetReturnsTheDocument(t *testing.T) {
	var asked http.Header
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Last-Modified", "Tue, 15 Nov 2022 15:40:35 GMT")
		zip := gzip.NewWriter(w)
		_, _ = zip.Write([]byte(`[1, {"a":4.37e-06}]`))
		_ = zip.Close()
	})
	before := time.Now()
	resp, err := fast().Get(t.Context(), url, http.Header{"x-cg-demo-api-key": {"secret"}})
	require.NoError(t, err)
	require.Equal(t, "secret", asked.Get("x-cg-demo-api-key"))
	require.Equal(t, "kasparro", asked.Get("User-Agent"))
	require.Equal(t, "gzip", asked.Get("Accept-Encoding"))
	require.Equal(t, 200, resp.Status)
	require.JSONEq(t, `[1, {"a":4.37e-06}]`, string(resp.Body))
	require.Equal(t, "Tue, 15 Nov 2022 15:40:35 GMT", resp.Header.Get("Last-Modified"))
	require.Equal(t, time.UTC, resp.FetchedAt.Location())
	require.WithinRange(t, resp.FetchedAt, before, time.Now())
	elements, err := resp.Array()
	require.NoError(t, err)
	require.Equal(t, `{"a":4.37e-06}`, string(elements[1]))
}

func TestArrayRefusesAnObject(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"markets":[]}`)) })
	resp, err := fast().Get(t.Context(), url+"/list?key=secret", nil)
	require.NoError(t, err)
	_, err = resp.Array()
	require.EqualError(t, err, "GET "+url+`/list: 200 OK: no list, but {"markets":[]}`)
}

func TestCutOffBodiesAreTriedAgain(t *testing.T) {
	var whole bytes.Buffer
	zip := gzip.NewWriter(&whole)
	_, _ = zip.Write([]byte("[" + strings.Repeat("123456789,", 1000) + "1]"))
	_ = zip.Close()
	cuts := map[string]http.HandlerFunc{
		"shorter than announced": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`[{"id":"bit`))
		},
		"shorter than announced, though a document": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`[1]`))
		},
		"half a zip": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(whole.Bytes()[:whole.Len()/2])
		},
		"half a document":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[{"id":"bit`)) },
		"an empty body":    func(http.ResponseWriter, *http.Request) {},
		"a dropped caller": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	for name, cut := range cuts {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64 // the handler of a connection that was cut may still be ending
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) <= 2 {
					cut(w, r)
					return
				}
				_, _ = w.Write([]byte(`[]`))
			})
			resp, err := fast().Get(t.Context(), url, nil)
			require.NoError(t, err)
			require.Equal(t, "[]", string(resp.Body))
			require.EqualValues(t, 2, resp.Retries)
		})
	}
}

func TestBodyCapHoldsAfterDecompression(t *testing.T) {
	asked := 0
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = zip.Write(bytes.Repeat([]byte(" "), 1<<20))
		_ = zip.Close()
	})
	_, err := New(Options{MaxBody: 1 << 16}).Get(t.Context(), url, nil)
	require.EqualError(t, err, "GET "+url+": 200 OK: the body is larger than the 65536 bytes allowed")
	require.Equal(t, 1, asked)
}

func TestRedirects(t *testing.T) {
	asked, key := 0, ""
	other := serve(t, func(http.ResponseWriter, *http.Request) { asked++ })
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other+"/", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/list/":
			http.Redirect(w, r, "/list", http.StatusMovedPermanently)
		default:
			key = r.Header.Get("Authorization")
			_, _ = w.Write([]byte("[]"))
		}
	})
	header := http.Header{"Authorization": {"secret"}}

	resp, err := fast().Get(t.Context(), url+"/list/", header)
	require.NoError(t, err)
	require.Equal(t, "secret", key)
	require.Equal(t, "[]", string(resp.Body))

	_, err = fast().Get(t.Context(), url+"/away", header)
	require.EqualError(t, err, "GET "+url+"/away: a redirect is refused: it leads to another host, "+strings.TrimPrefix(other, "http://"))
	require.Zero(t, asked, "the key has travelled")

	_, err = fast().Get(t.Context(), url+"/round", header)
	require.ErrorContains(t, err, "the 10th in a row")
}

func TestRedirectIntoTheClearIsRefused(t *testing.T) {
	from, to := httptest.NewRequest("GET", "https://api.test/", nil), httptest.NewRequest("GET", "http://api.test/", nil)
	require.ErrorContains(t, stayOnHost(to, []*http.Request{from}), "from https to http")
	require.NoError(t, stayOnHost(from, []*http.Request{to}))
}

func TestAnUnusableURLIsFinal(t *testing.T) {
	_, err := fast().Get(t.Context(), "http://api.test:port/?key=secret", nil)
	require.ErrorContains(t, err, "not a usable URL")
	require.NotContains(t, err.Error(), "secret")
	require.NotContains(t, err.Error(), "tried")
}
