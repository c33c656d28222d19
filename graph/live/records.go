package live

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

// recordsWaiting is how many records may wait for a subscriber. One that falls behind further reads what it
// has missed from the database, at its own pace.
const recordsWaiting = 1000

// Wanted is which records a subscriber wants to be told of.
type Wanted struct {
	market.RecordFilter
	After    *market.Position // from behind it; nil: from now on
	Together int              // so many records at most are one group, for which what hangs on them is read together; 0 is 1
}

// recordSubscriber waits for records to be added.
type recordSubscriber struct {
	feed     *Feed
	filter   filter
	together int             // records in a group at most
	at       market.Position // the first that it has not been sent
	from     market.Position // at, when it joined
	bell     chan struct{}

	mu      sync.Mutex
	waiting []*model.Record
	told    int64 // the version up to which all is waiting or sent
	full    bool  // what came last did not fit
}

// Records tells of records as they are added, in that order, until ctx ends. No record is left out and none comes twice, however slow the subscriber is. The channel is
// closed at the end; where ctx has not ended, end is told before why not all could be told: an
// error that wraps ErrForgotten where the subscriber has fallen behind what is remembered. It returns
// ErrUnavailable while the database has never been seen, and ErrBadCursor for a position where it has never been.
func (f *Feed) Records(ctx context.Context, wanted Wanted, end func(error)) (<-chan *model.Record, error) {
	matching, err := f.newFilter(ctx, wanted.RecordFilter)
	if err != nil {
		return nil, err
	}
	s := &recordSubscriber{feed: f, filter: matching, together: max(1, wanted.Together), bell: make(chan struct{}, 1)}
	if s.at, err = f.beginning(ctx, wanted.After); err != nil {
		return nil, err
	}
	joined, err := f.join(s)
	if err != nil {
		return nil, err
	}
	out := make(chan *model.Record)
	go func() {
		defer close(out)
		defer f.leaveRecords(s)
		if err := s.run(ctx, joined, out); err != nil && ctx.Err() == nil {
			end(err)
		}
	}()
	return out, nil
}

// beginning is the first position that a subscriber wants to be sent: now is what is committed now, which others may
// not have been told of yet.
func (f *Feed) beginning(ctx context.Context, after *market.Position) (market.Position, error) {
	if position, _, _ := f.state(); after != nil && after.Version <= position {
		return market.Position{Version: after.Version, Ordinal: after.Ordinal + 1}, nil
	}
	version, err := f.reader.Version(ctx)
	switch {
	case err != nil:
		return market.Position{}, err
	case after == nil:
		return market.Position{Version: version + 1}, nil
	case after.Version > version:
		return market.Position{}, fmt.Errorf("%w: the database has never been where this one stands: has it been restored from a backup?", market.ErrBadCursor)
	}
	return market.Position{Version: after.Version, Ordinal: after.Ordinal + 1}, nil
}

// join has a subscriber told of what comes, if it has been sent all that others have been told of.
func (f *Feed) join(s *recordSubscriber) (joined bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ready {
		return false, errNotReady
	}
	if s.at.Version <= f.position {
		return false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from, s.told, s.full = s.at, s.at.Version-1, false
	f.records[s] = struct{}{}
	return true, nil
}

func (f *Feed) leaveRecords(s *recordSubscriber) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.records, s)
}

// put has the matching news wait for the subscriber, and tells whether they fitted.
func (s *recordSubscriber) put(n news) bool {
	wanted := s.matching(n, s.from)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer ring(s.bell)
	if s.full || n.partial || len(s.waiting) > 0 && len(s.waiting)+len(wanted) > recordsWaiting {
		s.full = true
		return false
	}
	s.waiting = append(s.waiting, wanted...)
	s.told = max(s.told, n.version)
	return true
}

// overflow has the subscriber catch up by itself.
func (s *recordSubscriber) overflow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = true
	ring(s.bell)
}

// take returns all that waits, and whether more came that did not fit; then the subscriber goes on behind told.
func (s *recordSubscriber) take() (records []*model.Record, told int64, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	records, s.waiting = s.waiting, nil
	return records, s.told, s.full
}

func (s *recordSubscriber) run(ctx context.Context, joined bool, out chan<- *model.Record) error {
	for {
		if !joined {
			if err := s.catchUp(ctx, out); err != nil {
				return err
			}
		}
		if !s.follow(ctx, out) {
			return nil
		}
		s.feed.leaveRecords(s)
		joined = false
	}
}

// follow sends what waits until ctx ends, and returns true once something did not fit.
func (s *recordSubscriber) follow(ctx context.Context, out chan<- *model.Record) bool {
	for {
		records, told, full := s.take()
		if !s.send(ctx, out, records) {
			return false
		}
		s.at = market.Position{Version: told + 1}
		if full {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-s.bell:
		}
	}
}

// send sends records in groups of its own, or tells that nobody wants them any more.
func (s *recordSubscriber) send(ctx context.Context, out chan<- *model.Record, records []*model.Record) bool {
	for some := range slices.Chunk(records, s.together) {
		for _, r := range model.Apart(some) {
			if !send(ctx, out, r) {
				return false
			}
		}
	}
	return true
}

// matching is what of the news the subscriber wants, from a position on.
func (s *recordSubscriber) matching(n news, from market.Position) (wanted []*model.Record) {
	for _, r := range n.records {
		if !r.Added.Before(from) && s.filter.matches(r) {
			wanted = append(wanted, r)
		}
	}
	return wanted
}
