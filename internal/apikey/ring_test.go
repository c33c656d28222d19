package apikey_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/market"
)

func TestARingAcceptsWhatIsKept(t *testing.T) {
	inTime(t, func(t *testing.T, m *memory, r *apikey.Ring) {
		require.True(t, r.Empty())
		read, admin := m.make(market.ScopeRead, 0), m.make(market.ScopeAdmin, 0)
		require.NoError(t, r.Refresh(t.Context()))
		require.False(t, r.Empty())
		for text, scope := range map[string]market.Scope{read: market.ScopeRead, admin: market.ScopeAdmin} {
			key, err := r.Check(text)
			require.NoError(t, err)
			id, _ := apikey.Parse(text)
			require.Equal(t, apikey.Key{ID: id, Digest: apikey.Digest(text), Scope: scope}, key)
			require.NoError(t, r.Good(key))
			key.Scope = "other"
			require.ErrorIs(t, r.Good(key), apikey.ErrUnknown)
		}
		_, never := apikey.New()
		for _, text := range []string{"", "other", never, read[:len(read)-1]} {
			_, err := r.Check(text)
			require.ErrorIs(t, err, apikey.ErrUnknown, text)
		}
	})
}

// A key of the right id but with another secret is none.
func TestAnIDIsNoKey(t *testing.T) {
	inTime(t, func(t *testing.T, m *memory, r *apikey.Ring) {
		mine, theirs := m.make(market.ScopeRead, 0), m.make(market.ScopeAdmin, 0)
		id, _ := apikey.Parse(theirs)
		m.change(func() { k := m.keys[id]; k.Digest = apikey.Digest(mine); m.keys[id] = k })
		require.NoError(t, r.Refresh(t.Context()))
		_, err := r.Check(theirs)
		require.ErrorIs(t, err, apikey.ErrUnknown)
	})
}

// Without a word from the database a key is refused soon after it was revoked, and in no case after the five seconds that
// are promised, less the one that a socket takes to look again.
func TestARevokedKeyIsRefusedWithoutBeingToldOf(t *testing.T) {
	for name, hinder := range map[string]func(*memory){
		"heard of by looking":   func(*memory) {},
		"the database is away":  func(m *memory) { m.away = market.ErrUnavailable },
		"the database is slow":  func(m *memory) { m.slow = 2 * time.Second },
		"the database is stuck": func(m *memory) { m.slow = time.Hour },
	} {
		for _, after := range []time.Duration{0, 300 * time.Millisecond, 999 * time.Millisecond} {
			t.Run(name, func(t *testing.T) {
				inTime(t, func(t *testing.T, m *memory, r *apikey.Ring) {
					text := m.make(market.ScopeRead, 0)
					require.NoError(t, r.Refresh(t.Context()))
					pass(5*time.Second + after)
					key, err := r.Check(text)
					require.NoError(t, err)
					m.change(func() { hinder(m) })
					m.revoke(text)
					pass(4 * time.Second)
					_, err = r.Check(text)
					require.Error(t, err)
					require.Error(t, r.Good(key))
				})
			})
		}
	}
}

// A key that is good stays so while the database is away for a moment, and is good again once it is back.
func TestADatabaseThatIsAway(t *testing.T) {
	inTime(t, func(t *testing.T, m *memory, r *apikey.Ring) {
		text := m.make(market.ScopeRead, 0)
		require.NoError(t, r.Refresh(t.Context()))
		m.change(func() { m.away = errors.New("gone") })
		pass(2 * time.Second)
		key, err := r.Check(text)
		require.NoError(t, err)
		pass(2 * time.Second)
		_, err = r.Check(text)
		require.ErrorIs(t, err, market.ErrUnavailable)
		require.ErrorIs(t, r.Good(key), market.ErrUnavailable)
		_, err = r.Check("other")
		require.ErrorIs(t, err, apikey.ErrUnknown, "that is known without a database")
		m.change(func() { m.away = nil })
		pass(time.Second)
		require.NoError(t, r.Good(key))

		m.change(func() { m.slow = time.Hour }) // nobody waits for an answer that long
		pass(10 * time.Second)
		require.ErrorIs(t, r.Good(key), market.ErrUnavailable)
		m.change(func() { m.slow = 0 })
		pass(4 * time.Second)
		require.NoError(t, r.Good(key))
	})
}

// What a slow database says may be older than when it has said it.
func TestAKeyIsRevokedWhileTheKeysAreRead(t *testing.T) {
	for _, slow := range []time.Duration{time.Second, 2 * time.Second, 2900 * time.Millisecond} {
		t.Run(slow.String(), func(t *testing.T) {
			inTime(t, func(t *testing.T, m *memory, r *apikey.Ring) {
				text := m.make(market.ScopeRead, 0)
				require.NoError(t, r.Refresh(t.Context()))
				key, err := r.Check(text)
				require.NoError(t, err)
				m.change(func() { m.slow = slow })
				m.awaitReader()
				m.revoke(text)
				pass(4 * time.Second)
				_, err = r.Check(text)
				require.Error(t, err)
				require.Error(t, r.Good(key))
			})
		})
	}
}

// A key that expires while the keys are being read is none when they have been.
func TestAKeyExpiresByTheTimeOfItsReading(t *testing.T) {
	inTime(t, func(t *testing.T, m *memory, r *apikey.Ring) {
		text := m.make(market.ScopeRead, 2*time.Second)
		m.change(func() { m.slow = time.Second })
		read := make(chan error, 1)
		go func() { read <- r.Refresh(t.Context()) }()
		synctest.Wait()
		m.change(func() { m.away = errors.New("gone") }) // for all that is read later
		pass(time.Second)
		require.NoError(t, <-read)
		pass(time.Second - time.Nanosecond)
		_, err := r.Check(text)
		require.NoError(t, err)
		pass(time.Nanosecond)
		_, err = r.Check(text)
		require.ErrorIs(t, err, apikey.ErrUnknown)
	})
}

func TestAKeyExpires(t *testing.T) {
	inTime(t, func(t *testing.T, m *memory, r *apikey.Ring) {
		text := m.make(market.ScopeRead, 2*time.Second)
		require.NoError(t, r.Refresh(t.Context()))
		m.change(func() { m.away = errors.New("gone") }) // it expires by itself, before it is read again
		pass(2*time.Second - time.Nanosecond)
		key, err := r.Check(text)
		require.NoError(t, err)
		pass(time.Nanosecond)
		require.ErrorIs(t, r.Good(key), apikey.ErrUnknown)
	})
}

func TestAWokenRingLooksAtOnce(t *testing.T) {
	inTime(t, func(t *testing.T, m *memory, r *apikey.Ring) {
		text := m.make(market.ScopeRead, 0)
		_, err := r.Check(text)
		require.ErrorIs(t, err, apikey.ErrUnknown)
		r.Wake()
		synctest.Wait()
		_, err = r.Check(text)
		require.NoError(t, err)
	})
}
