package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	markets = "/coingecko/api/v3/coins/markets?vs_currency=usd"
	tickers = "/coinpaprika/v1/tickers"
)

var noon = time.Date(2026, 10, 5, 12, 0, 30, 0, time.UTC)

// still is a simulator whose clock stands, moved by /control/clock only.
func still(o Options) *Simulator {
	o.Now = func() time.Time { return noon }
	return New(o)
}

// ask sends one request; headers come in pairs.
func ask(t *testing.T, s http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// get is the body of a 200.
func get(t *testing.T, s http.Handler, path string) string {
	t.Helper()
	w := ask(t, s, "GET", path, "")
	require.Equal(t, http.StatusOK, w.Code, "%s: %s", path, w.Body)
	return w.Body.String()
}

// rows reads an array of objects, numbers as text.
func rows(t *testing.T, body string) []map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var out []map[string]any
	require.NoError(t, d.Decode(&out), body)
	return out
}

func order(t *testing.T, s http.Handler, body string) {
	t.Helper()
	w := ask(t, s, "POST", "/control/faults", body)
	require.Equal(t, http.StatusCreated, w.Code, w.Body.String())
}

func advance(t *testing.T, s http.Handler, by string) {
	t.Helper()
	w := ask(t, s, "POST", "/control/clock", `{"advance":"`+by+`"}`)
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
}

// recording reads one of the real answers, where they are at hand.
func recording(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("RECORDINGS_DIR")
	if dir == "" {
		t.Skip("RECORDINGS_DIR is not set")
	}
	f, err := os.Open(filepath.Join(dir, name))
	require.NoError(t, err)
	defer f.Close()
	text, err := io.ReadAll(f)
	require.NoError(t, err)
	return string(text)
}
