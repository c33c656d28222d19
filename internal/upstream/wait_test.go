package upstream

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const address = "http://api.test/list"

// effortOf is what an error says that was done in vain.
func effortOf(t *testing.T, err error) Effort {
	t.Helper()
	var told interface {
		Effort() (retries, waits int64, waited time.Duration)
	}
	require.ErrorAs(t, err, &told)
	retries, waits, waited := told.Effort()
	return Effort{Retries: retries, Waits: waits, Waited: waited}
}

func TestEveryWaitIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{
			{status: 503, retryAfter: "10"}, {status: 200, body: "[]"}, // one pause; meanwhile the rate limit is free again
			{status: 200, body: "[]"}, // held back by the rate limit
			{status: 500, retryAfter: "1"}, {status: 500, retryAfter: "3"}, {status: 401},
		}}
		c := s.client(Options{RequestsPerSecond: 0.5})
		resp, err := c.Get(t.Context(), address, nil)
		require.NoError(t, err)
		require.Equal(t, Effort{Retries: 1, Waits: 1, Waited: 10 * time.Second}, resp.Effort)
		resp, err = c.Get(t.Context(), address, nil)
		require.NoError(t, err)
		require.Equal(t, Effort{Waits: 1, Waited: 2 * time.Second}, resp.Effort)
		_, err = c.Get(t.Context(), address, nil)
		require.EqualError(t, err, "GET http://api.test/list: 401 Unauthorized (tried 3 times)")
		// The limit for 2 s, a pause of 1 s and the limit for the other second, a pause of 3 s.
		require.Equal(t, Effort{Retries: 2, Waits: 4, Waited: 7 * time.Second}, effortOf(t, err))
	})
}

func TestAWaitThatIsCutShortCountsAsLongAsItTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		_, err := (&script{answers: []answer{{status: 429, retryAfter: "100"}}}).client(Options{}).Get(ctx, address, nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, Effort{Waits: 1, Waited: 7 * time.Second}, effortOf(t, err))
	})
}

func TestAnElementThatIsNoListTellsWhatItTook(t *testing.T) {
	resp := Response{Status: 200, Body: []byte("{}"), Effort: Effort{Retries: 1, Waits: 2, Waited: time.Second}, url: address}
	_, err := resp.Array()
	require.Equal(t, resp.Effort, effortOf(t, err))
}

func TestReserveIsAskedBeforeEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		s := &script{answers: []answer{{status: 500, retryAfter: "1"}, {status: 500, retryAfter: "1"}, {status: 200, body: "[]"}}}
		c := s.client(Options{RequestsPerSecond: 0.001, Reserve: func(context.Context) (time.Duration, error) {
			asked++
			return time.Minute * time.Duration(asked-1), nil
		}})
		resp, err := c.Get(t.Context(), address, nil)
		require.NoError(t, err)
		require.Equal(t, 3, asked)
		require.Equal(t, []time.Duration{61 * time.Second, 121 * time.Second}, s.waits())
		require.Equal(t, Effort{Retries: 2, Waits: 4, Waited: 182 * time.Second}, resp.Effort)
	})
}

func TestReserveEndsTheGet(t *testing.T) {
	spent := errors.New("nothing left\nthis month")
	cases := []struct {
		name    string
		answers []answer
		after   int // attempts that are let through
		want    string
		effort  Effort
	}{
		{"at once", nil, 0, "GET http://api.test/list: nothing left this month", Effort{}},
		{"before a repetition", []answer{{status: 503, retryAfter: "1"}}, 1,
			"GET http://api.test/list: 503 Service Unavailable; not tried again: nothing left this month", Effort{Waits: 1, Waited: time.Second}},
		{"after no answer", []answer{{status: 500, retryAfter: "1"}, {status: 500, retryAfter: "1"}, {err: errors.New("no route")}}, 3,
			"GET http://api.test/list: cannot be reached: no route; not tried again: nothing left this month (tried 3 times)",
			Effort{Retries: 2, Waits: 3, Waited: 2 * time.Second}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, s := 0, &script{answers: c.answers}
				client := s.client(Options{BaseWait: time.Nanosecond, Reserve: func(context.Context) (time.Duration, error) {
					if asked++; asked > c.after {
						return 0, spent
					}
					return 0, nil
				}})
				_, err := client.Get(t.Context(), "http://me:secret@api.test/list?key=secret", nil)
				require.ErrorIs(t, err, spent)
				require.EqualError(t, err, c.want)
				require.Len(t, s.at, c.after, "requests that were made")
				effort := effortOf(t, err)
				require.Equal(t, c.effort.Retries, effort.Retries)
				require.Equal(t, c.effort.Waits, effort.Waits)
				require.InDelta(t, c.effort.Waited, effort.Waited, 10) // nanoseconds of jitter
			})
		})
	}
}

func TestAWaitForTheRateLimitBeyondTheAllowanceFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{{status: 200, body: "[]"}}}
		c, began := s.client(Options{RequestsPerSecond: 0.001}), time.Now()
		_, err := c.Get(t.Context(), address, nil)
		require.NoError(t, err)
		for range 3 { // what is refused does not push back what comes after it
			_, err = c.Get(t.Context(), address, nil)
			require.EqualError(t, err, "GET http://api.test/list: the next request under the rate limit is due in 16m40s, but only 2m0s may be waited")
		}
		require.Zero(t, time.Since(began))
		require.Len(t, s.at, 1)

		s = &script{answers: []answer{{status: 500, retryAfter: "1"}}}
		waits := []time.Duration{0, time.Hour}
		c = s.client(Options{Reserve: func(context.Context) (time.Duration, error) {
			next := waits[0]
			waits = waits[1:]
			return next, nil
		}})
		_, err = c.Get(t.Context(), address, nil)
		require.EqualError(t, err, "GET http://api.test/list: 500 Internal Server Error; trying again is due in 1h0m0s, but only 2m0s may be waited")
		require.Len(t, s.at, 1)
	})
}

func TestRetryAfter(t *testing.T) {
	const now = "Wed, 16 Nov 2022 12:33:59 GMT"
	cases := []struct {
		name, after, date string
		wait              time.Duration // exactly; 0 for what our own pauses say
		late              string        // how long it would have been, where that is too long
	}{
		{"seconds", "7", "", 7 * time.Second, ""},
		{"a date", "Wed, 16 Nov 2022 12:34:09 GMT", now, 10 * time.Second, ""},
		{"a date of another format", "Wednesday, 16-Nov-22 12:34:09 GMT", now, 10 * time.Second, ""},
		{"nothing", "", now, 0, ""},
		{"zero", "0", "", 0, ""},
		{"less than nothing", "-5", "", 0, ""},
		{"a date in the past", "Wed, 16 Nov 2022 12:33:50 GMT", now, 0, ""},
		{"just now", now, now, 0, ""},
		{"a word", "soon", "", 0, ""},
		{"a day", "86400", "", 0, "24h0m0s"},
		{"a date a day ahead", "Thu, 17 Nov 2022 12:33:59 GMT", now, 0, "24h0m0s"},
		{"for ever", "99999999999999999999999", "", 0, "1193046h28m16s"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: []answer{{status: 429, retryAfter: c.after, date: c.date}, {status: 200, body: "[]"}}}
				began := time.Now()
				resp, err := s.client(Options{BaseWait: time.Second}).Get(t.Context(), address, nil)
				if c.late != "" {
					require.EqualError(t, err, "GET http://api.test/list: 429 Too Many Requests; trying again is due in "+
						c.late+", but only 2m0s may be waited")
					require.Zero(t, time.Since(began))
					require.Zero(t, effortOf(t, err))
					return
				}
				require.NoError(t, err)
				require.EqualValues(t, 1, resp.Waits)
				if c.wait > 0 {
					require.Equal(t, c.wait, resp.Waited)
				} else {
					require.Positive(t, resp.Waited)
					require.LessOrEqual(t, resp.Waited, 2*time.Second)
				}
			})
		})
	}
}
