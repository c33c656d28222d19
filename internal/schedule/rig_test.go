package schedule

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
)

const patience = 20 * time.Second // for what must come; what comes is never waited for longer

type call struct {
	source  string
	slot    string
	startup bool
}

// rig is a scheduler on a clock of its own, which notes every run.
type rig struct {
	*Scheduler
	t     *testing.T
	clock *clockwork.FakeClock
	body  func(ctx context.Context, c call)
	calls chan call

	mu  sync.Mutex
	log bytes.Buffer
}

func (r *rig) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(p)
}

func (r *rig) logged(text string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Count(r.log.String(), text)
}

// newRig makes a scheduler at 12:03:30; body, which may be nil, is what a run does.
func newRig(t *testing.T, specs map[string]string, body func(ctx context.Context, c call)) *rig {
	t.Helper()
	r := &rig{t: t, clock: clockwork.NewFakeClockAt(at(t, "2026-03-04T12:03:30Z")), body: body, calls: make(chan call, 1000)}
	s, err := New(specs, r.note, slog.New(slog.NewTextHandler(r, nil)), WithClock(r.clock))
	require.NoError(t, err)
	r.Scheduler = s
	return r
}

func (r *rig) note(ctx context.Context, source string, slot time.Time, startup bool) {
	c := call{source, slot.Format(time.RFC3339Nano), startup}
	r.calls <- c
	if r.body != nil {
		r.body(ctx, c)
	}
}

// want waits for as many runs as are named and compares them, in any order.
func (r *rig) want(calls ...call) {
	r.t.Helper()
	var got []call
	for range calls {
		select {
		case c := <-r.calls:
			got = append(got, c)
		case <-time.After(patience):
			r.t.Fatalf("wanted %v, got only %v", calls, got)
		}
	}
	require.ElementsMatch(r.t, calls, got)
}

// settle waits until the runs that can end have ended and gocron has set its next timers.
func (r *rig) settle(running int) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		r.Scheduler.mu.Lock()
		defer r.Scheduler.mu.Unlock()
		return len(r.running) == running
	}, patience, time.Millisecond)
	r.cron.Jobs() // answered by the goroutine that sets timers, behind what it has been given so far
}

// stop ends the scheduler and sees that no run came that was not asked for.
func (r *rig) stop() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(r.t, r.Stop(ctx))
	require.Empty(r.t, r.calls)
}
