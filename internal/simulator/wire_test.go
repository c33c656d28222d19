package simulator

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnchangedAnswersAre304(t *testing.T) {
	s := still(Options{Coins: 300})
	first := ask(t, s, "GET", markets, "")
	tag := first.Header().Get("ETag")
	require.Regexp(t, `^W/"[0-9a-f]{32}"$`, tag)
	require.Empty(t, first.Header().Get("Last-Modified"))
	for _, wanted := range []string{tag, tag[2:], `"x", ` + tag, "*"} {
		w := ask(t, s, "GET", markets, "", "If-None-Match", wanted)
		require.Equal(t, http.StatusNotModified, w.Code, wanted)
		require.Empty(t, w.Body.String())
		require.Equal(t, tag, w.Header().Get("ETag"))
	}
	require.Equal(t, http.StatusOK, ask(t, s, "GET", markets+"&page=2", "", "If-None-Match", tag).Code)

	modified := ask(t, s, "GET", tickers, "").Header().Get("Last-Modified")
	require.Equal(t, "Mon, 05 Oct 2026 12:00:00 GMT", modified)
	require.Equal(t, http.StatusNotModified, ask(t, s, "GET", tickers, "", "If-Modified-Since", modified).Code)
	require.Equal(t, http.StatusOK, ask(t, s, "GET", tickers, "", "If-Modified-Since", "Mon, 05 Oct 2026 11:59:59 GMT").Code)
	require.Equal(t, http.StatusOK, ask(t, s, "GET", tickers, "", "If-Modified-Since", "yesterday").Code)
	require.Empty(t, ask(t, s, "GET", tickers, "").Header().Get("ETag"))

	advance(t, s, "1m")
	require.Equal(t, http.StatusOK, ask(t, s, "GET", markets, "", "If-None-Match", tag).Code)
	require.Equal(t, http.StatusOK, ask(t, s, "GET", tickers, "", "If-Modified-Since", modified).Code)
}

func TestCompressedWhereAccepted(t *testing.T) {
	s := still(Options{Coins: 300})
	for accept, zipped := range map[string]bool{
		"gzip": true, "br, gzip;q=0.5": true, "gzip;q=0": false, "identity": false, "": false,
	} {
		w := ask(t, s, "GET", tickers, "", "Accept-Encoding", accept)
		body := io.Reader(w.Body)
		if zipped {
			require.Equal(t, "gzip", w.Header().Get("Content-Encoding"), accept)
			var err error
			body, err = gzip.NewReader(body)
			require.NoError(t, err)
		} else {
			require.Empty(t, w.Header().Get("Content-Encoding"), accept)
		}
		text, err := io.ReadAll(body)
		require.NoError(t, err)
		require.Equal(t, get(t, s, tickers), string(text))
	}
}

func TestHeadersAreThoseOfTheRecordings(t *testing.T) {
	for path, name := range map[string]string{
		markets:                  "coingecko/markets_usd_p1_250_allpct_2022-02-23.http.json",
		tickers + "/btc-bitcoin": "coinpaprika/ticker_btc_2022-11-15.http.json",
		tickers + "/btc-bitcoin/historical?start=2020-01-01": "coinpaprika/error_402_ohlcv_free_plan_2022-06-20.http.json",
	} {
		var real struct {
			Status  int
			Headers map[string]string
		}
		require.NoError(t, json.Unmarshal([]byte(recording(t, name)), &real))
		w := ask(t, still(Options{Coins: 300}), "GET", path, "")
		require.Equal(t, real.Status, w.Code)
		for _, header := range []string{"cache-control", "content-type", "vary", "access-control-allow-origin"} {
			require.Equal(t, real.Headers[header], w.Header().Get(header), "%s of %s", header, path)
		}
		require.Equal(t, real.Headers["etag"] == "", w.Header().Get("ETag") == "")
		require.Equal(t, real.Headers["last-modified"] == "", w.Header().Get("Last-Modified") == "")
	}
}

func TestPageSaysWhatIsServed(t *testing.T) {
	w := ask(t, still(Options{Coins: 300}), "GET", "/", "")
	require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	for _, word := range []string{"/coingecko/api/v3", "/coinpaprika/v1", "/control/faults", "half_body", "2026-10-05T12:00:30Z"} {
		require.Contains(t, w.Body.String(), word)
	}
	require.Equal(t, http.StatusNotFound, ask(t, still(Options{Coins: 300}), "GET", "/elsewhere", "").Code)
	require.Contains(t, get(t, still(Options{Coins: 300}), "/coingecko/api/v3/ping"), "gecko_says")
	require.Equal(t, http.StatusMethodNotAllowed, ask(t, still(Options{Coins: 300}), "POST", tickers, "").Code)
}

func TestManyMayAskAtOnce(t *testing.T) {
	s := still(Options{Coins: 30})
	want := [2]string{get(t, s, markets), get(t, s, tickers)}
	fresh := still(Options{Coins: 30})
	answers := make(chan [2]string)
	for range 8 {
		go func() {
			answers <- [2]string{
				ask(t, fresh, "GET", markets, "").Body.String(), ask(t, fresh, "GET", tickers, "").Body.String(),
			}
		}()
	}
	for range 8 {
		require.Equal(t, want, <-answers)
	}
}
