package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
)

// RunFunc brings a source up to date for a slot, which is in UTC. Startup is true for the one run
// at the start, whose slot is the minute of the start. It should return soon once ctx ends. It is
// called for several sources at once, and never twice at once for one of them; if it panics, that
// is logged and the next slot comes as ever.
type RunFunc func(ctx context.Context, source string, slot time.Time, startup bool)

// Option changes how a Scheduler works.
type Option func(*Scheduler)

// WithClock makes the Scheduler go by another clock than the real one: for tests.
func WithClock(c clockwork.Clock) Option { return func(s *Scheduler) { s.clock = c } }

// Scheduler runs each source once at the start and then at each of its slots. A slot that comes
// while the source is still running is skipped, and of slots that were missed (the machine slept)
// only the last is run, once.
type Scheduler struct {
	Timetable
	run   RunFunc
	log   *slog.Logger
	clock clockwork.Clock
	cron  gocron.Scheduler
	// shutdown ends cron, once: asked a second time, gocron may wait for an answer it has given.
	shutdown func() error

	ctx     context.Context // of the runs; set, as the two below, by Start
	cancel  context.CancelFunc
	started time.Time

	mu       sync.Mutex
	asked    map[string]bool // sources whose run at the start was asked for
	running  map[string]bool
	stopping bool
	runs     sync.WaitGroup // counts running; never added to once stopping is set
}

// New makes a scheduler of a cron for each source (see NewTimetable). Nothing runs before Start.
// Stop must be called in the end, even where Start was not.
func New(specs map[string]string, run RunFunc, log *slog.Logger, opts ...Option) (*Scheduler, error) {
	timetable, err := NewTimetable(specs)
	if err != nil {
		return nil, err
	}
	s := &Scheduler{Timetable: timetable, run: run, log: log, clock: clockwork.NewRealClock(),
		cancel: func() {}, asked: map[string]bool{}, running: map[string]bool{}}
	for _, o := range opts {
		o(s)
	}
	// gocron waits for runs in a busy loop: Stop does it instead, and leaves it only the shortest wait.
	s.cron, err = gocron.NewScheduler(gocron.WithClock(s.clock), gocron.WithLocation(time.UTC),
		gocron.WithStopTimeout(time.Second))
	if err != nil {
		return nil, fmt.Errorf("make the scheduler: %w", err)
	}
	s.shutdown = sync.OnceValue(s.cron.Shutdown)
	for source, p := range timetable.plans {
		if err := s.add(source, p, specs[source]); err != nil {
			return nil, fmt.Errorf("schedule %s: %w", source, errors.Join(err, s.shutdown()))
		}
	}
	return s, nil
}

// add gives gocron the job of a source. One job does the run at the start and the slots, so that
// the timer of the first slot is set only when that run is on its way. begin keeps two runs apart
// in place of gocron's singleton mode, which cannot say which slot it skipped.
func (s *Scheduler) add(source string, p plan, spec string) error {
	_, err := s.cron.NewJob(
		gocron.CronJob(spec, false), gocron.NewTask(s.tick, source),
		gocron.WithName(source), gocron.WithCronImplementation(p),
		gocron.WithStartAt(gocron.WithStartImmediately()),
		gocron.WithEventListeners(gocron.AfterJobRunsWithPanic(s.panicked)))
	return err
}

// Start asks for the first run of every source and returns without waiting for them. Runs are
// given a context that ends with ctx, and once it has ended no further run begins. Start may be
// called once.
func (s *Scheduler) Start(ctx context.Context) {
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.started = s.clock.Now().UTC()
	s.cron.Start()
}

// Stop lets no further run begin and waits for those in hand. When ctx ends before they do, it
// ends the context of the runs and returns an error without waiting any longer.
func (s *Scheduler) Stop(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	defer s.cancel()
	idle := make(chan struct{})
	go func() {
		s.runs.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
		go func() { _ = s.shutdown() }() // its answer could only be that runs are going on
		return fmt.Errorf("stop the scheduler: runs are still going on: %w", context.Cause(ctx))
	}
	if err := s.shutdown(); err != nil {
		return fmt.Errorf("stop the scheduler: %w", err)
	}
	return nil
}

// tick is what gocron calls, in a goroutine of its own.
func (s *Scheduler) tick(source string) {
	slot, startup, ok := s.begin(source)
	if !ok {
		return
	}
	defer s.end(source)
	s.run(s.ctx, source, slot, startup)
}

// early is how far the clock may have been set back while a timer ran: the timer then fires just
// before its slot, and the slot would be taken for the one before it and lost.
const early = time.Second

// begin says what a tick stands for, and false where it must not run.
func (s *Scheduler) begin(source string) (slot time.Time, startup, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	startup = !s.asked[source]
	s.asked[source] = true
	if startup {
		slot = s.started.Truncate(time.Minute)
	} else {
		slot, _, _ = s.Slots(source, s.clock.Now().Add(early))
	}
	if s.stopping || s.ctx.Err() != nil {
		return slot, startup, false
	}
	if s.running[source] {
		s.log.Warn("slot skipped, the run before it is still going on", "source", source, "slot", slot)
		return slot, startup, false
	}
	s.running[source] = true
	s.runs.Add(1)
	return slot, startup, true
}

func (s *Scheduler) end(source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, source)
	s.runs.Done()
}

// panicked is called while the stack of the panic still stands.
func (s *Scheduler) panicked(_ uuid.UUID, source string, value any) {
	s.log.Error("a run panicked, the schedule goes on", "source", source, "panic", value, "stack", string(debug.Stack()))
}
