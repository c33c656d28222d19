package main

import (
	"fmt"
	"log/slog"
	"math"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/kasparro/kasparro/internal/market"
)

// gaugeEvery is how often the log tells how far a rebuild is.
const gaugeEvery = 10 * time.Second

// gauge shows how far a rebuild is, how fast it goes and how long the rest will take: on a terminal with a
// bar, and elsewhere with a line in the log now and then.
type gauge struct {
	terminal *os.File // nil where nobody looks
	log      *slog.Logger
	now      func() time.Time

	mu     sync.Mutex
	bar    *progressbar.ProgressBar // of the source in hand, on a terminal
	source string                   // empty between two sources
	total  int64                    // payloads of the source, about
	began  time.Time
	before int64 // payloads dealt with by calls before this one; -1 until that is known
	at     market.Rebuild
}

func newGauge(w *os.File, log *slog.Logger, now func() time.Time) *gauge {
	g := &gauge{log: log, now: now}
	if term.IsTerminal(int(w.Fd())) {
		g.terminal = w
	}
	return g
}

// start tells the log at every tick, until stop is called.
func (g *gauge) start(tick <-chan time.Time) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-tick:
				g.tell()
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// begin starts a source of about so many payloads.
func (g *gauge) begin(source string, total int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.source, g.total, g.began, g.before, g.at = source, total, g.now(), -1, market.Rebuild{}
	if g.terminal != nil {
		g.bar = progressbar.NewOptions64(max(total, 1), progressbar.OptionSetWriter(g.terminal), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("payloads"), progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("rebuilding "+source),
			progressbar.OptionThrottle(100*time.Millisecond))
	}
}

// batch takes note of how far the source is.
func (g *gauge) batch(at market.Rebuild) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.before < 0 {
		g.before = at.Payloads
		if g.bar != nil && g.before > 0 {
			g.bar.Describe(fmt.Sprintf("rebuilding the rest of %s, behind %d payloads", g.source, g.before))
		}
	}
	g.at, g.total = at, max(g.total, at.Payloads)
	if g.bar != nil { // it has no notion of what was done before its time, and so shows the rest
		g.bar.ChangeMax64(max(g.total-g.before, 1))
		_ = g.bar.Set64(at.Payloads - g.before) // a terminal that cannot be drawn on is no reason to stop
	}
}

// end ends the source in hand.
func (g *gauge) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.source = ""
	if g.bar != nil {
		_ = g.bar.Finish()
		g.bar = nil
	}
}

// tell writes a line to the log where there is no terminal to look at.
func (g *gauge) tell() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.source == "" || g.terminal != nil {
		return
	}
	elapsed := g.now().Sub(g.began)
	attrs := []any{
		"source", g.source, "payloads", g.at.Payloads, "of_about", g.total, "changed", g.at.Changed,
		"rejected", g.at.Rejected, "elapsed", elapsed.Round(time.Second).String(),
	}
	if rate := float64(g.at.Payloads-g.before) / elapsed.Seconds(); g.before >= 0 && elapsed > 0 && rate > 0 {
		left := time.Duration(float64(g.total-g.at.Payloads) / rate * float64(time.Second))
		attrs = append(attrs, "per_second", math.Round(rate), "left", left.Round(time.Second).String())
	}
	g.log.Info("rebuild goes on", attrs...)
}
