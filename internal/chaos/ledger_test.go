package chaos_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// seen is one observation: what must be stored once, and nothing else.
type seen struct {
	source, id string
	at         time.Time // UTC
}

// served is everything that the sources have said.
func (r *rig) served() map[seen]bool {
	all := map[seen]bool{}
	_, answers := r.sim.Ledger()
	for _, a := range answers {
		if a.Status != 200 {
			continue
		}
		for _, row := range a.Rows {
			at, err := time.Parse(time.RFC3339, row.LastUpdated)
			require.NoError(r.t, err)
			all[seen{a.Upstream, row.ID, at.UTC()}] = true
		}
	}
	for _, o := range r.csv.written {
		all[o] = true
	}
	return all
}

// files are the CSV files that the program reads. Each of them is a page at least.
type files struct {
	t       *testing.T
	dir     string
	names   []string
	pages   []int // rows of each page, in order, while no file has grown
	written []seen
	grown   bool
}

// epoch is the instant of the first row.
const epoch = 1_700_000_000

// add writes so many more files of so many rows.
func (f *files) add(count, rows int) {
	f.t.Helper()
	for range count {
		name := fmt.Sprintf("coin-%04d.csv", len(f.names))
		f.names = append(f.names, name)
		f.pages = append(f.pages, rows)
		f.append(name, "symbol,unix,close\n"+f.rows(rows))
	}
}

// grow appends so many rows to the first file.
func (f *files) grow(rows int) {
	f.t.Helper()
	f.grown = true
	f.append(f.names[0], f.rows(rows))
}

func (f *files) append(name, text string) {
	file, err := os.OpenFile(filepath.Join(f.dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(f.t, err)
	_, err = file.WriteString(text)
	require.NoError(f.t, err)
	require.NoError(f.t, file.Close())
}

// rows makes rows that were never written before.
func (f *files) rows(count int) string {
	var b strings.Builder
	for range count {
		n := len(f.written)
		id := fmt.Sprintf("CSV%d", n%7)
		f.written = append(f.written, seen{"csv", id, time.Unix(epoch+int64(n), 0).UTC()})
		fmt.Fprintf(&b, "%s,%d,%d.25\n", id, epoch+n, n+1)
	}
	return b.String()
}
