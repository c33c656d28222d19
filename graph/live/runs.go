package live

import (
	"context"
	"fmt"
	"sync"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

// runsWaiting is how many runs may wait for a subscriber; of more the oldest are left out.
const runsWaiting = 1000

// runSubscriber waits for runs to change. Of a run that changes again before the subscriber has taken it, only
// the last state is kept.
type runSubscriber struct {
	source string // empty: of any source
	bell   chan struct{}

	mu      sync.Mutex
	waiting map[int64]market.Run
	order   []int64 // of those that wait
}

// Runs tells of runs that begin, go on or end, of one source or, where it is empty, of all, from now until ctx ends:
// then the channel is closed. A subscriber that is slow misses states between, never the last. It
// returns ErrUnavailable while the database has never been seen.
func (f *Feed) Runs(ctx context.Context, source string) (<-chan *model.EtlRun, error) {
	s := &runSubscriber{source: source, bell: make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ready {
		return nil, errNotReady
	}
	f.runs[s] = struct{}{}
	out := make(chan *model.EtlRun)
	go func() {
		defer close(out)
		defer f.leaveRuns(s)
		s.follow(ctx, out)
	}()
	return out, nil
}

var errNotReady = fmt.Errorf("%w: nothing can be followed before it has been seen", market.ErrUnavailable)

func (f *Feed) leaveRuns(s *runSubscriber) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.runs, s)
}

// put has runs wait for the subscriber.
func (s *runSubscriber) put(runs []market.Run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, run := range runs {
		if s.source != "" && run.Source != s.source {
			continue
		}
		if s.waiting == nil {
			s.waiting = map[int64]market.Run{}
		}
		if _, waits := s.waiting[run.ID]; !waits {
			s.order = append(s.order, run.ID)
		}
		s.waiting[run.ID] = run
		if len(s.order) > runsWaiting {
			delete(s.waiting, s.order[0])
			s.order = s.order[1:]
		}
	}
	if len(s.order) > 0 {
		ring(s.bell)
	}
}

// take returns the run that has waited longest, in a group of its own, nil if there is none.
func (s *runSubscriber) take() *model.EtlRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.order) == 0 {
		s.waiting, s.order = nil, nil // an idle subscriber holds nothing
		return nil
	}
	id := s.order[0]
	run := s.waiting[id]
	delete(s.waiting, id)
	s.order = s.order[1:]
	return model.NewEtlRun(&run)
}

func (s *runSubscriber) follow(ctx context.Context, out chan<- *model.EtlRun) {
	for {
		for run := s.take(); run != nil; run = s.take() {
			if !send(ctx, out, run) {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-s.bell:
		}
	}
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// send hands a value over, or tells that nobody wants it any more.
func send[T any](ctx context.Context, out chan<- T, value T) bool {
	select {
	case out <- value:
		return true
	case <-ctx.Done():
		return false
	}
}
