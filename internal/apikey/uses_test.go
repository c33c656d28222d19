package apikey_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/market"
)

// However often a key is used, that is noted once a minute, and never while somebody waits; where it cannot be noted, later.
func TestUsesAreNotedOnceAMinute(t *testing.T) {
	inTime(t, func(t *testing.T, m *memory, r *apikey.Ring) {
		busy, idle := m.make(market.ScopeRead, 0), m.make(market.ScopeRead, 0)
		require.NoError(t, r.Refresh(t.Context()))
		busyID, _ := apikey.Parse(busy)
		use := func(times int) {
			for range times {
				_, err := r.Check(busy)
				require.NoError(t, err)
				pass(500 * time.Millisecond)
			}
		}
		_, err := r.Check(idle[:len(idle)-1])
		require.Error(t, err)
		_, err = r.Check(busy)
		require.NoError(t, err)
		require.Empty(t, m.noted)
		use(240) // two minutes
		require.Len(t, m.noted, 2)
		for _, ago := range m.noted {
			require.Len(t, ago, 1)
			require.LessOrEqual(t, ago[busyID], time.Second)
		}
		pass(time.Minute)
		m.change(func() { m.noted = nil })
		_, err = r.Check(busy)
		require.NoError(t, err)
		m.change(func() { m.away = errors.New("gone") })
		pass(2 * time.Second)
		require.Empty(t, m.noted)
		m.change(func() { m.away = nil })
		pass(time.Second)
		require.Len(t, m.noted, 1)
		require.Greater(t, m.noted[0][busyID], time.Second)
	})
}

// A key that something is open with is in use, for as long as it is looked after.
func TestWhatIsOpenUsesItsKey(t *testing.T) {
	inTime(t, func(t *testing.T, m *memory, r *apikey.Ring) {
		text := m.make(market.ScopeRead, 0)
		require.NoError(t, r.Refresh(t.Context()))
		key, err := r.Check(text)
		require.NoError(t, err)
		for range 100 {
			pass(time.Second)
			require.NoError(t, r.Good(key))
		}
		require.Len(t, m.noted, 2)
		require.LessOrEqual(t, m.noted[1][key.ID], time.Second)
		key.Scope = "other"
		pass(time.Minute)
		require.Error(t, r.Good(key))
		pass(time.Second)
		require.Len(t, m.noted, 2, "what was refused is no use")
	})
}

// What was used after the last look of Run is noted by whoever notes after it, also what Run was noting when it had to end.
func TestTheLastUseIsNoted(t *testing.T) {
	for name, before := range map[string]time.Duration{"between two looks": 0, "while it is being noted": 1500 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &memory{keys: map[string]market.LiveKey{}}
				r := apikey.NewRing(m)
				text := m.make(market.ScopeRead, 0)
				require.NoError(t, r.Refresh(t.Context()))
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan struct{})
				go func() { defer close(ended); r.Run(ctx, func(error) {}) }()
				_, err := r.Check(text)
				require.NoError(t, err)
				m.change(func() { m.slow = time.Second })
				pass(before)
				cancel()
				m.change(func() { m.slow = 0 })
				require.NoError(t, r.NoteUses(t.Context()))
				<-ended
				require.Len(t, m.noted, 1)
			})
		})
	}
}
