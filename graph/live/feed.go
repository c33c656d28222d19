// Package live tells subscribers what is committed, while it is. There is one feed for each process: it looks at
// the database once for each commit, however many are told of it, and reads runs, records and their assets
// once for all of them. What else hangs on those is read for whoever asks, and for what that one is told of.
package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

const (
	// commitsAtOnce is how many commits are looked at together.
	commitsAtOnce = 10
	// lookAgain is how long after a look that failed the next one comes.
	lookAgain = time.Second
)

// Feed tells of commits. It is safe for concurrent use.
type Feed struct {
	reader market.Reader
	log    *slog.Logger
	bell   chan struct{}
	past   *past // for those who catch up

	mu       sync.Mutex
	ready    bool  // position is known
	position int64 // the version up to which everybody has been told
	runs     map[*runSubscriber]struct{}
	records  map[*recordSubscriber]struct{}
}

// New makes a feed, which tells nothing before Run.
func New(reader market.Reader, log *slog.Logger) *Feed {
	f := &Feed{
		reader: reader, log: log, bell: make(chan struct{}, 1),
		runs: map[*runSubscriber]struct{}{}, records: map[*recordSubscriber]struct{}{},
	}
	f.past = newPast(f.loadPast)
	return f
}

// loadPast reads what was added after a version, without the runs.
func (f *Feed) loadPast(ctx context.Context, after int64) (news, error) {
	commits, err := f.reader.CommitsAfter(ctx, after, commitsAtOnce)
	if err != nil || len(commits) == 0 {
		return news{}, err
	}
	records, err := f.loadRecords(ctx, commits)
	return news{version: commits[len(commits)-1].Version, records: records}, err
}

// Wake has the feed look whether anything has been committed. It does not wait for that.
func (f *Feed) Wake() {
	select {
	case f.bell <- struct{}{}:
	default: // it is going to look anyway
	}
}

// Run looks whenever it is woken, until ctx ends.
func (f *Feed) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.bell:
		}
		if err := f.look(ctx); err != nil && ctx.Err() == nil {
			f.log.Warn("subscribers wait: the commits could not be read", "error", err)
			time.AfterFunc(lookAgain, f.Wake)
		}
	}
}

// look tells of everything that was committed since the last look.
func (f *Feed) look(ctx context.Context) error {
	for {
		from, idle, withRecords := f.state()
		if idle {
			jumped, err := f.jump(ctx)
			if jumped || err != nil {
				return err
			}
			continue
		}
		commits, err := f.reader.CommitsAfter(ctx, from, commitsAtOnce)
		if errors.Is(err, market.ErrForgotten) {
			return f.giveUp(ctx)
		}
		if err != nil || len(commits) == 0 {
			return err
		}
		news, err := f.load(ctx, commits, withRecords)
		if err != nil {
			return err
		}
		f.tell(news)
	}
}

// state tells up to where everybody has been told, whether nobody listens, and whether somebody wants records.
func (f *Feed) state() (position int64, idle, withRecords bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.position, !f.ready || len(f.runs)+len(f.records) == 0, len(f.records) > 0
}

// jump goes to the last commit without looking at those between, unless somebody has come meanwhile.
func (f *Feed) jump(ctx context.Context) (jumped bool, err error) {
	version, err := f.reader.Version(ctx)
	if err != nil {
		return false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ready && len(f.runs)+len(f.records) > 0 {
		return false, nil
	}
	f.ready, f.position = true, version
	return true, nil
}

// giveUp is for a database that was away for so long that commits have been forgotten: whoever follows records
// has to find out what that means for it, and goes on by itself or ends.
func (f *Feed) giveUp(ctx context.Context) error {
	version, err := f.reader.Version(ctx)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.position = version
	for s := range f.records {
		s.overflow()
	}
	return nil
}

// tell hands the news to everybody whom they concern.
func (f *Feed) tell(n news) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.position = n.version
	for s := range f.runs {
		s.put(n.runs)
	}
	for s := range f.records {
		if !s.put(n) {
			delete(f.records, s) // it catches up by itself
		}
	}
}
