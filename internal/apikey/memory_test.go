package apikey_test

import (
	"context"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/market"
)

// These tests run in bubbles of synctest: their time is not that of the clock, and passes at once. Hence keys in memory
// instead of in PostgreSQL, where cmd/kasparro tries the same with real processes.

// memory is a store that can be away, or slow.
type memory struct {
	mu    sync.Mutex
	keys  map[string]market.LiveKey
	away  error
	slow  time.Duration
	noted []map[string]time.Duration

	readers int // how many are being answered
}

func (m *memory) LiveKeys(ctx context.Context) ([]market.LiveKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]market.LiveKey, 0, len(m.keys))
	for _, k := range m.keys {
		list = append(list, k)
	}
	away, slow := m.away, m.slow
	m.readers++
	m.mu.Unlock()
	defer func() { m.mu.Lock(); m.readers-- }()
	select {
	case <-time.After(slow):
		return list, away
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) NoteKeyUses(ctx context.Context, ago map[string]time.Duration) error {
	var slow time.Duration
	m.change(func() { slow = m.slow })
	select {
	case <-time.After(slow):
	case <-ctx.Done():
		return ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away != nil {
		return m.away
	}
	m.noted = append(m.noted, maps.Clone(ago))
	return nil
}

// make makes a key that expires in so long, or never for 0.
func (m *memory) make(scope market.Scope, in time.Duration) string {
	id, text := apikey.New()
	k := market.LiveKey{KeyID: id, Digest: apikey.Digest(text), Scope: scope}
	if in != 0 {
		k.ExpiresIn = &in
	}
	m.change(func() { m.keys[id] = k })
	return text
}

func (m *memory) revoke(text string) {
	id, _ := apikey.Parse(text)
	m.change(func() { delete(m.keys, id) })
}

func (m *memory) change(do func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	do()
}

// awaitReader waits until somebody reads.
func (m *memory) awaitReader() {
	for reading := false; !reading; m.change(func() { reading = m.readers > 0 }) {
		pass(time.Millisecond)
	}
}

// inTime has a ring follow a store for as long as the test goes on, in the time of a bubble.
func inTime(t *testing.T, test func(t *testing.T, m *memory, r *apikey.Ring)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{keys: map[string]market.LiveKey{}}
		r := apikey.NewRing(m)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			r.Run(ctx, func(error) {})
		}()
		synctest.Wait()
		test(t, m, r)
		cancel()
		<-ended
	})
}

// pass lets time go by, and whatever happens in it happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
