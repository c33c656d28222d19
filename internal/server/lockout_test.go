package server_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/server"
)

// lockable is a server with a key in its settings, and a ring that knows none or has not been read.
func lockable(t *testing.T, key string, read bool) (http.Handler, *server.Door) {
	t.Helper()
	ring := apikey.NewRing(kept{})
	if read {
		require.NoError(t, ring.Refresh(t.Context()))
	}
	o := options(slog.New(slog.DiscardHandler))
	o.Door = server.NewDoor(server.Keys{Read: key, Stored: ring}, server.Throttle{})
	return server.New(o), o.Door
}

// A key that nobody guesses is let in from wherever wrong ones have come, those of the settings as those that are stored.
func TestKeysThatNobodyGuessesAreNotLockedOut(t *testing.T) {
	_, ours := apikey.New()
	for key, want := range map[string]int{
		strings.Repeat("a1", 24): http.StatusOK,
		strings.Repeat("a1", 16): http.StatusOK,
		ours:                     http.StatusOK,
		strings.Repeat("a", 31):  http.StatusTooManyRequests,
	} {
		h, _ := lockable(t, key, true)
		exhaust(t, h, "192.0.2.1")
		require.Equal(t, want, knock(h, "192.0.2.1", key).StatusCode, key)
		require.Equal(t, http.StatusTooManyRequests, knock(h, "192.0.2.1", strings.Repeat("b", len(key))).StatusCode, "one as long that is wrong")
	}
}

// A client goes on with a key that was revoked, and locks nobody out who shares its address.
func TestAKeyOfThePastIsNoGuess(t *testing.T) {
	h, _ := lockable(t, readKey, true)
	_, revoked := apikey.New()
	for range 30 {
		requireRefused(t, knock(h, "192.0.2.1", revoked))
	}
	require.Equal(t, http.StatusOK, knock(h, "192.0.2.1", readKey).StatusCode)
	require.Equal(t, 10, exhaust(t, h, "192.0.2.1"), "and takes nothing from the others")
	for range 30 {
		_ = knock(h, "192.0.2.2", revoked[:len(revoked)-1]+"-")
	}
	require.Equal(t, http.StatusTooManyRequests, knock(h, "192.0.2.2", readKey).StatusCode, "what only looks like a key may be a guess")
}

// Who is refused is told how long to wait, to the second.
func TestHowLongToWaitAfterWrongKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := lockable(t, readKey, true)
		require.Equal(t, 10, exhaust(t, h, "192.0.2.1"))
		for _, c := range []struct {
			pass   time.Duration
			status int
			wait   string
		}{{0, 429, "6"}, {time.Second / 2, 429, "6"}, {time.Second / 2, 429, "5"}, {4 * time.Second, 429, "1"}, {time.Second, 200, ""}} {
			time.Sleep(c.pass) // the bubble's time, which passes at once
			answer := knock(h, "192.0.2.1", readKey)
			require.Equal(t, c.status, answer.StatusCode)
			require.Equal(t, c.wait, answer.Header.Get("Retry-After"))
		}
	})
}

// Of every key that is not looked at somebody is told, and of the first of an address that it is.
func TestWhoIsRefusedIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, door := lockable(t, readKey, true)
		var told []string
		door.Refused = func(address string, first bool) { told = append(told, fmt.Sprint(address, " ", first)) }
		exhaust(t, h, "192.0.2.1")
		knock(h, "192.0.2.1", readKey)
		exhaust(t, h, "192.0.2.2")
		time.Sleep(6 * time.Second)
		exhaust(t, h, "192.0.2.1")
		require.Equal(t, []string{"192.0.2.1 true", "192.0.2.1 false", "192.0.2.2 true", "192.0.2.1 false"}, told)
		time.Sleep(2 * time.Minute)
		exhaust(t, h, "192.0.2.1")
		require.Equal(t, "192.0.2.1 true", told[4])
	})
}

// A key of the settings is good while nobody knows which others are, also one that looks like those.
func TestAKeyOfTheSettingsNeedsNoDatabase(t *testing.T) {
	_, ours := apikey.New()
	for _, key := range []string{readKey, strings.Repeat("a1", 24), ours} {
		h, _ := lockable(t, key, false)
		require.Equal(t, http.StatusOK, knock(h, "192.0.2.1", key).StatusCode, key)
	}
}

// A ring that does not know which keys are good says so, and neither lets in nor takes it for a wrong key.
func TestNobodyKnowsWhichKeysAreGood(t *testing.T) {
	_, stored := apikey.New()
	o := options(slog.New(slog.DiscardHandler))
	o.Door = server.NewDoor(server.Keys{Read: readKey, Stored: apikey.NewRing(kept{})}, server.Throttle{})
	h := server.New(o)
	for range 30 {
		answer := ask(t, h, "GET", "/data", "x-api-key: "+stored)
		require.Equal(t, "1", answer.Header.Get("Retry-After"))
		require.Empty(t, answer.Header.Get("WWW-Authenticate"))
		requireProblem(t, answer, http.StatusServiceUnavailable)
	}
	require.Equal(t, http.StatusOK, ask(t, h, "GET", "/data", "x-api-key: "+readKey).StatusCode)
}
