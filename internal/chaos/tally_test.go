package chaos_test

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
)

// faults counts what was tried and what was survived, and is printed at the end.
var faults tally

type tally struct {
	mu   sync.Mutex
	rows []*tried
}

type tried struct {
	fault           string
	times, survived int
}

// try breaks something once. It has been survived if nothing was found wrong afterwards.
func try(t *testing.T, fault string, do func()) {
	t.Helper()
	before := t.Failed()
	faults.note(fault, func(r *tried) { r.times++ })
	do() // ends the test where something is wrong
	if !t.Failed() || before {
		faults.note(fault, func(r *tried) { r.survived++ })
	}
}

func (f *tally) note(fault string, change func(*tried)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.rows, func(r *tried) bool { return r.fault == fault })
	if i < 0 {
		i, f.rows = len(f.rows), append(f.rows, &tried{fault: fault})
	}
	change(f.rows[i])
}

func (f *tally) print(w io.Writer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "FAULT\tTRIED\tSURVIVED")
	for _, r := range f.rows {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\n", r.fault, r.times, r.survived)
	}
	_ = table.Flush()
}
