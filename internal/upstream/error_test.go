package upstream

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryFailureIsOneClearLine(t *testing.T) {
	page := "<!DOCTYPE html>\n<html><head><title>\nAccess &amp; more | denied</title></head><body>no</body></html>"
	cases := []struct {
		name    string
		status  int
		body    string
		message string // what follows the URL
		again   bool
	}{
		{"429 in JSON", 429, `{"status":{"error_code":429,"error_message":"You've exceeded the Rate Limit."}}`,
			"429 Too Many Requests: You've exceeded the Rate Limit.", true},
		{"429 as a page", 429, page, "429 Too Many Requests: an HTML page, Access & more | denied", true},
		{"429 as a text", 429, "Throttled\n", "429 Too Many Requests: Throttled", true},
		{"429 in a 200", 200, `{"status":{"error_code":429,"error_message":"Slow down"}}`, "429 Too Many Requests: Slow down", true},
		{"a code as text in a 200", 200, `{"status":{"error_code":"429"}}`, "429 Too Many Requests", true},
		{"429 in the words of a 200", 200, `{"error":"too many requests"}`, "429 Too Many Requests: too many requests", true},
		{"a page in a 200", 200, page, "200 OK: an HTML page, Access & more | denied where JSON was due", true},
		{"an untitled page in a 200", 200, "<a href='/'>Moved</a>", "200 OK: an HTML page where JSON was due", true},
		{"a text in a 200", 200, "Throttled", "200 OK: Throttled where JSON was due", true},
		{"null in a 200", 200, "null", "200 OK: null where JSON was due", true},
		{"an error in a 200", 200, `{"error":"coin not found"}`, "200 OK: coin not found", false},
		{"a key's code in a 200", 200, `{"status":{"error_code":10002,"error_message":"API Key Missing"}}`, "200 OK: API Key Missing", false},
		{"401 nested", 401, `{"error":{"status":{"error_code":10012,"error_message":"beyond 365 days"}}}`, "401 Unauthorized: beyond 365 days", false},
		{"401", 401, `{"status":{"error_code":10002,"error_message":"API Key Missing"}}`, "401 Unauthorized: API Key Missing", false},
		{"400", 400, `{"error":"invalid parameters"}`, "400 Bad Request: invalid parameters", false},
		{"402", 402, `{"error": "not allowed in this plan"}`, "402 Payment Required: not allowed in this plan", false},
		{"403", 403, `{"error":"bad key"}`, "403 Forbidden: bad key", false},
		{"404", 404, `{"error":"id not found"}`, "404 Not Found: id not found", false},
		{"422", 422, `{"error":"Missing parameter vs_currency"}`, "422 Unprocessable Entity: Missing parameter vs_currency", false},
		{"500", 500, `{"status":500,"error":"Internal Server Error"}`, "500 Internal Server Error: Internal Server Error", true},
		{"520 of a proxy", 520, "", "520", true},
		{"304", 304, "", "304 Not Modified", false},
		{"another JSON", 400, `{"reason": "who\n knows"}`, `400 Bad Request: {"reason": "who\n knows"}`, false},
		{"a long story", 400, strings.Repeat("no\x00 ", 200), "400 Bad Request: " + strings.Repeat("no ", 66) + "n…", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			asked := 0
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			})
			_, err := fast().Get(t.Context(), url+"/list?key=secret", nil)
			want, attempts := "GET "+url+"/list: "+c.message, 1
			if c.again {
				want, attempts = want+" (tried 5 times)", 5
			}
			require.EqualError(t, err, want)
			require.Equal(t, attempts, asked)
		})
	}
}

func TestObjectsThatAreNoErrors(t *testing.T) {
	for _, body := range []string{
		`{"id":"bitcoin","error":null}`, `{"status":"ok"}`, `{"status":200,"data":[]}`, `{}`,
		`{"status":{"error_code":0,"error_message":null},"data":{}}`,
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		_, err := fast().Get(t.Context(), url, nil)
		require.NoError(t, err, body)
	}
}

// Each level of a document is read anew, so a deep one must not be followed to its ground.
func TestErrorsAreLookedForNearTheTop(t *testing.T) {
	nested := func(depth int) []byte {
		return []byte(strings.Repeat(`{"error":`, depth) + `"no"` + strings.Repeat("}", depth))
	}
	for depth, want := range []string{"no", "no", "no", "no", ""} {
		_, message := apiError(nested(depth))
		require.Equal(t, want, message, "depth %d", depth)
	}
	_, message := apiError(nested(5000))
	require.Empty(t, message)
}

// The errors that the two APIs really sent.
func TestRecordedErrors(t *testing.T) {
	dir := os.Getenv("RECORDINGS_DIR")
	if dir == "" {
		t.Skip("RECORDINGS_DIR is not set")
	}
	cases := []struct {
		file    string
		status  int
		message string
		again   bool
	}{
		{"coingecko/error_401_*.json", 401, "401 Unauthorized: Your request exceeds the allowed time range.", false},
		{"coingecko/error_404_*.json", 404, "404 Not Found: Could not find coin with the given id", false},
		{"coingecko/error_422_*.json", 422, "422 Unprocessable Entity: Missing parameter vs_currency", false},
		{"coingecko/error_429_cloudflare*.html", 429, "429 Too Many Requests: an HTML page, Access denied | api.coingecko.com used Cloudflare", true},
		{"coingecko/error_429_json_2022-11-16.json", 429, "429 Too Many Requests: You've exceeded the Rate Limit.", true},
		{"coingecko/error_500_*.json", 500, "500 Internal Server Error: Internal Server Error", true},
		{"coinpaprika/error_402_ohlcv_free_plan_2022-06-20.json", 402, "402 Payment Required: Getting historical OHLCV data before", false},
		{"coinpaprika/redirect_301_*.json", 200, "200 OK: an HTML page where JSON was due", true},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(dir, c.file))
			require.NoError(t, err)
			require.Len(t, files, 1)
			body, err := os.ReadFile(files[0])
			require.NoError(t, err)
			asked := 0
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.WriteHeader(c.status)
				_, _ = w.Write(body)
			})
			_, err = fast().Get(t.Context(), url, nil)
			require.ErrorContains(t, err, "GET "+url+": "+c.message)
			require.NotContains(t, err.Error(), "\n")
			require.Less(t, len(err.Error()), 400)
			require.Equal(t, c.again, asked > 1)
		})
	}
}
