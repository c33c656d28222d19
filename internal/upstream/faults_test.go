package upstream

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source"
)

// flood sends until the caller hangs up, or a good 2 GB, and then tells how much that was.
func flood(status int, sent chan<- int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		chunk, all := bytes.Repeat([]byte("1,"), 32<<10), 0
		for all < 2<<30 {
			n, err := w.Write(chunk)
			if all += n; err != nil {
				break
			}
		}
		sent <- all
	}
}

func TestAHugeBodyIsLeftAtTheCap(t *testing.T) {
	cases := []struct {
		status int
		want   string
	}{
		{http.StatusOK, ": 200 OK: the body is larger than the 1048576 bytes allowed"},
		{http.StatusForbidden, ": 403 Forbidden: 1,1,1"},
	}
	for _, c := range cases {
		sent := make(chan int, 1)
		url := serve(t, flood(c.status, sent))
		_, err := New(Options{MaxBody: 1 << 20}).Get(t.Context(), url, nil)
		require.ErrorContains(t, err, url+c.want)
		require.Less(t, <-sent, 64<<20, "more than the cap and what the buffers of two sockets hold")
	}
}

func TestAGzipBombIsNotUnpacked(t *testing.T) {
	const most = 1 << 20
	var part bytes.Buffer
	zip := gzip.NewWriter(&part)
	_, err := zip.Write(make([]byte, most))
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	bomb := bytes.Repeat(part.Bytes(), 256) // zips behind one another unpack as one
	require.Less(t, len(bomb), most)
	for _, c := range []struct {
		status int
		want   string
		memory uint64 // bytes taken on the way at most: buffers double as they grow
	}{
		{http.StatusOK, "the body is larger than the 1048576 bytes allowed", 16 * most},
		{http.StatusForbidden, "403 Forbidden", 2 * most}, // nobody needs that much to be told no
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(c.status)
			_, _ = w.Write(bomb)
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := New(Options{MaxBody: most}).Get(t.Context(), url, nil)
		runtime.ReadMemStats(&after)
		require.ErrorContains(t, err, c.want)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, c.memory)
	}
}

func TestAByteASecondIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			_, _ = w.Write([]byte("["))
			_ = http.NewResponseController(w).Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	})
	_, err := New(Options{Timeout: 2500 * time.Millisecond, MaxAttempts: 1}).Get(t.Context(), url, nil)
	require.EqualError(t, err, "GET "+url+": 200 OK: no whole body within 2.5s")
}

func TestAKeyDoesNotTravel(t *testing.T) {
	arrived := 0
	other := serve(t, func(http.ResponseWriter, *http.Request) { arrived++ })
	for _, status := range []int{301, 302, 303, 307, 308} {
		asked := 0
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked++
			http.Redirect(w, r, other+"/list", status)
		})
		_, err := fast().Get(t.Context(), url, http.Header{"X-Cg-Pro-Api-Key": {"secret"}, "Authorization": {"secret"}})
		require.EqualError(t, err, "GET "+url+": a redirect is refused: it leads to another host, "+strings.TrimPrefix(other, "http://"))
		require.Equal(t, 1, asked, "it is final")
	}
	require.Zero(t, arrived)
}

// What no JSON or no market knows spoils the element that it stands in, and nothing else.
func TestStrangeElementsArriveAsTheyWereSent(t *testing.T) {
	elements := []string{
		`{"id":"good","price":1}`, `{"id":"nan","price":NaN}`, `{"id":"infinite","price":-Infinity}`,
		`{"id":"huge","price":1e400}`, `{"id":"nul\u0000"}`, `{"id":"lone\ud800"}`, "{\"id\":\"bytes\xff\xfe\"}",
		"{\"id\":\"line\nbreak\"}", `{"id":"hex","price":0x10}`, `{"id":"a,b]}\"","tags":[1,[2,{"x":"]"}]]}`, `undefined`,
	}
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(" [" + strings.Join(elements, " ,\n\t") + "]\r\n"))
	})
	resp, err := fast().Get(t.Context(), url, nil)
	require.NoError(t, err)
	require.Zero(t, resp.Retries)
	got, err := resp.Array()
	require.NoError(t, err)
	require.Len(t, got, len(elements))
	for i, element := range got {
		require.Equal(t, elements[i], string(element))
	}
	require.Equal(t, "1e400", source.NewObject(got[3]).Number("price"))
	for i, refused := range []bool{false, true, true, false, false, false, false, true, true, false, true} {
		require.Equal(t, refused, source.NewObject(got[i]).Problem() != nil, elements[i])
	}
}

// A list that does not end is one that was cut off, whatever stands in it: the next answer is whole.
func TestAListThatIsNotWholeIsTriedAgain(t *testing.T) {
	for _, broken := range []string{
		`[{"price":NaN},{"id":"x"`, `[{"price":NaN},{"id":"x}]`, `[NaN`, `[NaN,`, `[{"price":NaN]`, `[NaN] and more`, `[NaN][1]`, `{"price":NaN}`,
	} {
		asked := 0
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if asked++; asked == 1 {
				_, _ = w.Write([]byte(broken))
				return
			}
			_, _ = w.Write([]byte("[NaN]"))
		})
		resp, err := fast().Get(t.Context(), url, nil)
		require.NoError(t, err, broken)
		require.EqualValues(t, 1, resp.Retries, broken)
	}
}

// A 429 in the clothes of a success says in its header how long to wait, as any other.
func TestRetryAfterOfARefusalInA200(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{
			{status: 200, body: `{"status":{"error_code":429,"error_message":"slow down"}}`, retryAfter: "9"},
			{status: 200, body: "Throttled", retryAfter: "8"}, {status: 200, body: "[]"},
		}}
		_, err := s.client(Options{}).Get(t.Context(), address, nil)
		require.NoError(t, err)
		require.Equal(t, []time.Duration{9 * time.Second, 8 * time.Second}, s.waits())
	})
}
