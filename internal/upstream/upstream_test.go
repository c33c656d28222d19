package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// script answers request after request from memory, the last answer again and again, and notes
// when each came. In a synctest bubble that is all it takes for waits to pass in no time.
type script struct {
	answers []answer
	at      []time.Time
}

type answer struct {
	status     int
	retryAfter string
	date       string
	body       string
	err        error // instead of an answer
	stall      bool  // no answer at all
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	a := s.answers[min(len(s.at), len(s.answers)-1)]
	s.at = append(s.at, time.Now())
	if a.stall {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	if a.err != nil {
		return nil, a.err
	}
	h := http.Header{}
	for name, value := range map[string]string{"Retry-After": a.retryAfter, "Date": a.date} {
		if value != "" {
			h.Set(name, value)
		}
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(strings.NewReader(a.body)), Request: req}, nil
}

// waits are the times between the requests.
func (s *script) waits() []time.Duration {
	var all []time.Duration
	for i := 1; i < len(s.at); i++ {
		all = append(all, s.at[i].Sub(s.at[i-1]))
	}
	return all
}

func (s *script) client(o Options) *Client {
	c := New(o)
	c.http.Transport = s
	return c
}

func TestRetryAfterIsKeptToTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{
			{status: 429, retryAfter: "120"},
			{status: 503, retryAfter: "Wed, 16 Nov 2022 12:34:09 GMT", date: "Wed, 16 Nov 2022 12:33:59 GMT"},
			{status: 200, body: "[]"},
		}}
		resp, err := s.client(Options{MaxWait: 130 * time.Second}).Get(t.Context(), "http://api.test/list", nil)
		require.NoError(t, err)
		require.EqualValues(t, 2, resp.Retries)
		require.Equal(t, []time.Duration{2 * time.Minute, 10 * time.Second}, s.waits())
	})
}

func TestRetryAfterBeyondTheAllowanceFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{{status: 429, retryAfter: "60"}}}
		began := time.Now()
		_, err := s.client(Options{}).Get(t.Context(), "http://api.test/list", nil)
		require.EqualError(t, err, "GET http://api.test/list: 429 Too Many Requests; "+
			"trying again is due in 1m0s, but only 0s may be waited (tried 3 times)")
		require.Equal(t, 2*time.Minute, time.Since(began))
	})
}

func TestWaitsGrowAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{{status: 500, retryAfter: "soon"}}}
		_, err := s.client(Options{MaxAttempts: 6, BaseWait: time.Second}).Get(t.Context(), "http://api.test/list", nil)
		require.EqualError(t, err, "GET http://api.test/list: 500 Internal Server Error (tried 6 times)")
		retried, ok := errors.AsType[interface {
			error
			Effort() (int64, int64, time.Duration)
		}](err)
		require.True(t, ok)
		retries, _, _ := retried.Effort()
		require.EqualValues(t, 5, retries)
		require.Len(t, s.waits(), 5)
		for i, wait := range s.waits() {
			require.LessOrEqual(t, wait, 2*time.Second<<i, "wait %d", i)
		}
		require.NotEqual(t, time.Second, s.waits()[0], "no jitter")
	})
}

func TestAStallIsCutOffAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{{stall: true}, {stall: true}, {status: 200, body: "[]"}}}
		began := time.Now()
		resp, err := s.client(Options{Timeout: 30 * time.Second}).Get(t.Context(), "http://api.test/list", nil)
		require.NoError(t, err)
		require.EqualValues(t, 2, resp.Retries)
		require.GreaterOrEqual(t, time.Since(began), time.Minute)

		_, err = (&script{answers: []answer{{stall: true}}}).client(Options{MaxAttempts: 1}).Get(t.Context(), "http://api.test/list", nil)
		require.ErrorContains(t, err, "GET http://api.test/list: no answer within 30s")
	})
}

func TestRateLimitHoldsOverAllRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{{status: 200, body: "[]"}}}
		c := s.client(Options{RequestsPerSecond: 0.5, Burst: 2})
		for range 4 {
			_, err := c.Get(t.Context(), "http://api.test/list", nil)
			require.NoError(t, err)
		}
		require.Equal(t, []time.Duration{0, 2 * time.Second, 2 * time.Second}, s.waits())
	})
}

func TestTheContextEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cases := []struct {
			answer answer
			want   string
		}{
			{answer{stall: true}, "context deadline exceeded"},
			{answer{status: 429, retryAfter: "100"}, "429 Too Many Requests; not tried again: context deadline exceeded"},
		}
		for _, c := range cases {
			ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
			began := time.Now()
			_, err := (&script{answers: []answer{c.answer}}).client(Options{}).Get(ctx, "http://api.test/list", nil)
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.EqualError(t, err, "GET http://api.test/list: "+c.want)
			require.Equal(t, 7*time.Second, time.Since(began))
		}
	})
}

func TestNetworkErrorsAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := errors.New("dial tcp: lookup api.test: no such host")
		s := &script{answers: []answer{{err: lost}, {status: 200, body: "[]"}}}
		resp, err := s.client(Options{}).Get(t.Context(), "http://api.test/list", nil)
		require.NoError(t, err)
		require.EqualValues(t, 1, resp.Retries)

		_, err = (&script{answers: []answer{{err: lost}}}).client(Options{}).
			Get(t.Context(), "http://user:secret@api.test/list?key=secret", nil)
		require.ErrorIs(t, err, lost)
		require.EqualError(t, err, "GET http://api.test/list: cannot be reached: "+
			"dial tcp: lookup api.test: no such host (tried 5 times)")
	})
}
