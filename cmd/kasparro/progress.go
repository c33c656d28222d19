package main

import (
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/kasparro/kasparro/internal/ingest"
)

// progress shows on a terminal how many items have been dealt with, how fast, and how long the rest
// will take where the sources can tell; and nothing elsewhere.
type progress struct {
	mu  sync.Mutex
	bar *progressbar.ProgressBar
	so  map[string]ingest.Progress
}

func newProgress(w *os.File) *progress {
	p := &progress{so: map[string]ingest.Progress{}}
	if term.IsTerminal(int(w.Fd())) {
		p.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(w), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("items"), progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetDescription("ingesting"), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// page takes note of what a source has done so far.
func (p *progress) page(source string, so ingest.Progress) {
	if p.bar == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.so[source] = so
	done, total := expected(p.so)
	p.bar.ChangeMax64(total)
	_ = p.bar.Set64(done) // a terminal that cannot be drawn on is no reason to stop
}

// expected returns the items dealt with and how many there will be in all, -1 where a source cannot
// tell.
func expected(so map[string]ingest.Progress) (done, total int64) {
	known := true
	for _, s := range so {
		done += s.Extracted
		expected := s.Total()
		known = known && expected >= 0
		total += expected
	}
	if !known {
		return done, -1
	}
	return done, max(done, total)
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
