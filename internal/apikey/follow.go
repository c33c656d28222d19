package apikey

import (
	"context"
	"maps"
	"sync"
	"time"
)

// Wake has the keys read now: some may have changed.
func (r *Ring) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // it is about to be done
	}
}

// Run keeps up with the keys and notes which are used, until ctx ends. wrong is told of every failure, by two goroutines.
func (r *Ring) Run(ctx context.Context, wrong func(error)) {
	tell := func(err error) {
		if err != nil && ctx.Err() == nil {
			wrong(err)
		}
	}
	var both sync.WaitGroup
	both.Go(func() { r.look(ctx, tell) })
	both.Go(func() { r.note(ctx, tell) })
	both.Wait()
}

func (r *Ring) look(ctx context.Context, tell func(error)) {
	for ctx.Err() == nil {
		reading, cancel := context.WithTimeout(ctx, goodFor) // what came later would be of no use
		tell(r.Refresh(reading))
		cancel()
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-time.After(lookEvery):
		}
	}
}

func (r *Ring) note(ctx context.Context, tell func(error)) {
	for ticks := time.NewTicker(lookEvery); ; {
		select {
		case <-ctx.Done():
			ticks.Stop()
			return
		case <-ticks.C:
			tell(r.NoteUses(ctx))
		}
	}
}

// NoteUses notes the uses that are due, as Run does every second: after it and the last use, once more is needed. Those that could not
// be noted are due again.
func (r *Ring) NoteUses(ctx context.Context) error {
	r.noting.Lock()
	defer r.noting.Unlock()
	due := r.due()
	if len(due) == 0 {
		return nil
	}
	ago := make(map[string]time.Duration, len(due))
	for id, at := range due {
		ago[id] = time.Since(at)
	}
	err := r.store.NoteKeyUses(ctx, ago)
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		for id, at := range due {
			delete(r.noted, id)
			if r.used[id].Before(at) {
				r.used[id] = at
			}
		}
	}
	return err
}

// due takes the uses that are to be noted. A use within a minute of one that was noted never is. Keys that are gone are
// forgotten.
func (r *Ring) due() map[string]time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	due := map[string]time.Time{}
	for id, at := range r.used {
		if last, ok := r.noted[id]; !ok || at.Sub(last) >= noteEvery {
			due[id], r.noted[id] = at, at
		}
	}
	clear(r.used)
	if last := r.read.Load(); last != nil {
		maps.DeleteFunc(r.noted, func(id string, _ time.Time) bool { _, live := last.keys[id]; return !live })
	}
	return due
}
