package apikey

import (
	"context"
	"crypto/subtle"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// Store is where keys are kept, and always the primary.
type Store interface {
	// LiveKeys returns the keys that are neither revoked nor expired.
	LiveKeys(ctx context.Context) ([]market.LiveKey, error)
	// NoteKeyUses notes how long ago keys were last used, by their ids. One that is noted to have been used within a
	// minute before that is left as it is.
	NoteKeyUses(ctx context.Context, ago map[string]time.Duration) error
}

const (
	// lookEvery is how often the keys are read where nothing tells that they have changed.
	lookEvery = time.Second
	// goodFor is how long what was read may be relied on, from the moment before it was read. A key that is revoked is
	// refused by then, whether or not the database can be reached: with the second that sockets take to look again that is
	// within five. When it is over, no stored key is accepted.
	goodFor = 3 * time.Second
	// noteEvery is how often the use of a key is noted at most.
	noteEvery = time.Minute
)

// ErrUnknown is that a text is no key that is accepted.
var ErrUnknown = errors.New("no such key")

// Key is a key that was accepted.
type Key struct {
	ID     string // of the key, in its text
	Digest [32]byte
	Scope  market.Scope
}

// Ring holds the keys that are accepted at the moment, as they were read a moment ago: nothing is asked of the database
// while somebody waits. nil accepts nothing. It is safe for concurrent use.
type Ring struct {
	store   Store
	reading sync.Mutex // held while the keys are read, so that what was read later is known later
	noting  sync.Mutex // held while uses are noted, so that whoever notes the last of them has those that could not be noted before
	read    atomic.Pointer[reading]
	wake    chan struct{}

	mu    sync.Mutex
	used  map[string]time.Time // when keys were used, where it is not noted yet
	noted map[string]time.Time // the last use that was noted, or is being noted
}

// reading is what was read.
type reading struct {
	at   time.Time // not later than the moment it tells of
	keys map[string]known
}

type known struct {
	Key

	until time.Time // zero for always
}

// NewRing makes a ring that accepts nothing before it has been refreshed.
func NewRing(store Store) *Ring {
	return &Ring{store: store, wake: make(chan struct{}, 1), used: map[string]time.Time{}, noted: map[string]time.Time{}}
}

// Check returns the key that the text is, and notes that it was used. The error is ErrUnknown, or market.ErrUnavailable
// where it is not known at the moment which keys are good.
func (r *Ring) Check(text string) (Key, error) {
	id, ok := Parse(text)
	if !ok {
		return Key{}, ErrUnknown
	}
	key, err := r.find(id, Digest(text))
	if err == nil {
		r.use(id)
	}
	return key, err
}

// Good returns nil as long as a key that was accepted still would be, and notes that it is in use; otherwise the errors of Check.
func (r *Ring) Good(key Key) error {
	now, err := r.find(key.ID, key.Digest)
	switch {
	case err != nil:
		return err
	case now.Scope != key.Scope:
		return ErrUnknown
	}
	r.use(key.ID)
	return nil
}

func (r *Ring) use(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used[id] = time.Now()
}

// find compares in a time that tells nothing of what is kept, also where there is no such id.
func (r *Ring) find(id string, digest [32]byte) (Key, error) {
	if r == nil {
		return Key{}, ErrUnknown
	}
	last, now := r.read.Load(), time.Now()
	if last == nil || now.Sub(last.at) >= goodFor {
		return Key{}, market.ErrUnavailable
	}
	k := last.keys[id]
	if subtle.ConstantTimeCompare(k.Digest[:], digest[:]) != 1 || !k.until.IsZero() && !now.Before(k.until) {
		return Key{}, ErrUnknown
	}
	return k.Key, nil
}

// Refresh reads the keys. What has been committed before is known afterwards.
func (r *Ring) Refresh(ctx context.Context) error {
	r.reading.Lock()
	defer r.reading.Unlock()
	at := time.Now()
	list, err := r.store.LiveKeys(ctx)
	if err != nil {
		return err
	}
	keys := make(map[string]known, len(list))
	for _, k := range list {
		entry := known{Key: Key{k.KeyID, k.Digest, k.Scope}}
		if k.ExpiresIn != nil {
			entry.until = at.Add(*k.ExpiresIn)
		}
		keys[k.KeyID] = entry
	}
	r.read.Store(&reading{at, keys})
	return nil
}

// Empty tells whether no key at all was good when the keys were last read.
func (r *Ring) Empty() bool {
	last := r.read.Load()
	return last == nil || len(last.keys) == 0
}
