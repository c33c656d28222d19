package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/kasparro/kasparro/internal/market"
)

// report is how one source went, as ingest prints it.
type report struct {
	Source     string `json:"source"`
	RunID      string `json:"run_id,omitempty"`
	Status     string `json:"status"`
	DurationMS int64  `json:"duration_ms"`
	market.Counters
	Error string `json:"error,omitempty"`
}

func newReport(name string, run market.Run, err error) report {
	r := report{Source: name, Status: "failed"}
	if err != nil {
		if errors.Is(err, market.ErrRunning) {
			r.Status = "running"
		}
		r.Error = err.Error()
		return r
	}
	r.RunID, r.Status = market.GlobalID(market.IDRun, run.ID), strings.ToLower(string(run.Status))
	r.DurationMS = run.Duration(time.Now()).Milliseconds()
	r.Counters, r.Error = run.Counters, run.Error
	return r
}

func printTable(w io.Writer, reports []report) error {
	var rows strings.Builder
	rows.WriteString("SOURCE\tSTATUS\tEXTRACTED\tINSERTED\tUPDATED\tUNCHANGED\tREJECTED\tRETRIES\tTOOK\n")
	for _, r := range reports {
		took := (time.Duration(r.DurationMS) * time.Millisecond).String()
		fmt.Fprintf(&rows, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", r.Source, r.Status,
			r.Extracted, r.Inserted, r.Updated, r.Unchanged, r.Rejected, r.Retries, took)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(t, rows.String()); err != nil {
		return err
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, r := range reports {
		if r.Error == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s: %s\n", r.Source, r.Error); err != nil {
			return err
		}
	}
	return nil
}

// progress shows on a terminal how many items have been dealt with, and nothing elsewhere.
type progress struct {
	mu  sync.Mutex
	bar *progressbar.ProgressBar
	so  map[string]int64
}

func newProgress(w *os.File) *progress {
	p := &progress{so: map[string]int64{}}
	if term.IsTerminal(int(w.Fd())) {
		p.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(w), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("items"), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetDescription("ingesting"), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

// page takes note of what a source has done so far.
func (p *progress) page(source string, so market.Counters) {
	if p.bar == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.so[source] = so.Extracted
	var all int64
	for _, n := range p.so {
		all += n
	}
	_ = p.bar.Set64(all) // a terminal that cannot be drawn on is no reason to stop
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
