package simulator

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// open asks a real server and leaves the body to be read.
func open(t *testing.T, ctx context.Context, server *httptest.Server, path string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+path, nil)
	require.NoError(t, err)
	res, err := server.Client().Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func TestABombIsSmallUntilItIsUnpacked(t *testing.T) {
	s := still(Options{Coins: 1})
	require.NoError(t, s.Misbehave(Fault{Upstream: "coingecko", Kind: "gzip_bomb"}))
	w := ask(t, s, "GET", markets, "")
	require.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
	require.Less(t, w.Body.Len(), 4<<20)
	z, err := gzip.NewReader(w.Body)
	require.NoError(t, err)
	begin := make([]byte, 2)
	_, err = io.ReadFull(z, begin)
	require.NoError(t, err)
	require.Equal(t, "[ ", string(begin))
	unpacked, err := io.CopyN(io.Discard, z, 64<<20)
	require.NoError(t, err)
	require.EqualValues(t, 64<<20, unpacked)
}

func TestAHugeBodyFlowsUntilTheClientLeaves(t *testing.T) {
	s := still(Options{Coins: 1})
	server := httptest.NewServer(s)
	defer server.Close()
	for _, leave := range []func(*http.Response){
		func(res *http.Response) { _ = res.Body.Close() },
		func(res *http.Response) {
			s.ClearFaults()
			_, err := io.Copy(io.Discard, res.Body)
			require.Error(t, err, "the list must not end as if it were whole")
		},
	} {
		require.NoError(t, s.Misbehave(Fault{Upstream: "coinpaprika", Kind: "huge_body"}))
		res := open(t, t.Context(), server, tickers)
		require.Equal(t, http.StatusOK, res.StatusCode)
		n, err := io.CopyN(io.Discard, res.Body, 40<<20)
		require.NoError(t, err)
		require.EqualValues(t, 40<<20, n)
		leave(res)
		stalled(t, s, 0)
	}
}

func TestATrickleComesByteByByte(t *testing.T) {
	s := still(Options{Coins: 1})
	want := get(t, s, tickers)
	server := httptest.NewServer(s)
	defer server.Close()

	require.NoError(t, s.Misbehave(Fault{Upstream: "coinpaprika", Kind: "trickle", Delay: "1us"}))
	body, err := io.ReadAll(open(t, t.Context(), server, tickers).Body)
	require.NoError(t, err)
	require.Equal(t, want, string(body))

	require.NoError(t, s.Misbehave(Fault{Upstream: "coinpaprika", Kind: "trickle", Delay: "1h"}))
	res := open(t, t.Context(), server, tickers)
	stalled(t, s, 1)
	s.ClearFaults()
	body, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, want, string(body))

	require.NoError(t, s.Misbehave(Fault{Upstream: "coinpaprika", Kind: "trickle", Delay: "1h"}))
	ctx, leave := context.WithCancel(t.Context())
	open(t, ctx, server, tickers)
	stalled(t, s, 1)
	leave()
	stalled(t, s, 0)
	_, served := s.Ledger()
	require.Nil(t, served[len(served)-1].Rows, "nobody knows how much of it came")
}

func TestARedirectLeadsWhereItIsTold(t *testing.T) {
	s := still(Options{Coins: 1})
	require.NoError(t, s.Misbehave(Fault{Upstream: "coingecko", Kind: "redirect", Location: "http://127.0.0.1:1/elsewhere"}))
	w := ask(t, s, "GET", markets, "")
	require.Equal(t, http.StatusFound, w.Code)
	require.Equal(t, "http://127.0.0.1:1/elsewhere", w.Header().Get("Location"))
}

func TestEveryKindIsExplained(t *testing.T) {
	page := get(t, still(Options{Coins: 1}), "/")
	for _, k := range faultKinds {
		require.Contains(t, page, "  "+k.name+" ")
		require.Contains(t, page, k.about)
		require.Equal(t, k.stage == rewritten, rewritings[k.name].write != nil, k.name)
	}
}
