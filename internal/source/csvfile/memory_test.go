package csvfile

import (
	"flag"
	"io"
	"io/fs"
	"runtime"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// bigBytes is how much TestFiveGigabytes reads: -csv.bytes=5368709120 makes its name true.
var bigBytes = flag.Int64("csv.bytes", 48<<20, "how many bytes TestFiveGigabytes generates and reads")

// endless is a file system with one file of any size, which exists nowhere: its rows are made when
// they are read. Its dates are of the kind that has to be read through before the first row is.
type endless struct {
	rows    int
	unsized bool // it does not say how large the file is
}

const (
	bigHead = "SNo,Name,Symbol,Date,High,Low,Open,Close,Volume,Marketcap\n"
	bigRow  = len("000000001,Bitcoin,BTC,01/13/17 23:59:59,1003.000001,1001.000001,1002.000001,1004.000001,147775008,16050407461\n")
)

func newEndless(size int64) endless {
	return endless{rows: int((size - int64(len(bigHead))) / int64(bigRow))}
}

func (e endless) Open(name string) (fs.File, error) {
	info, err := fs.Stat(fstest.MapFS{name: {ModTime: time.Unix(1, 0)}}, name)
	if err != nil {
		return nil, err
	}
	size := int64(len(bigHead)) + int64(e.rows)*int64(bigRow)
	if e.unsized {
		size = 0
	}
	return &made{left: e.rows, ready: []byte(bigHead), info: sized{info, size}}, nil
}

type sized struct {
	fs.FileInfo
	size int64
}

func (s sized) Size() int64 { return s.size }

// made is the file: no row of it is like another.
type made struct {
	left, row int
	ready     []byte
	at        int
	info      fs.FileInfo
}

func (m *made) Stat() (fs.FileInfo, error) { return m.info, nil }
func (m *made) Close() error               { return nil }

func (m *made) Read(p []byte) (int, error) {
	if m.at == len(m.ready) {
		m.ready, m.at = m.ready[:0], 0
		for ; m.left > 0 && len(m.ready) < 32<<10; m.left-- {
			m.ready = appendRow(m.ready, m.row)
			m.row++
		}
	}
	n := copy(p, m.ready[m.at:])
	m.at += n
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func appendRow(out []byte, row int) []byte {
	out = appendPadded(out, row, 9)
	out = append(out, ",Bitcoin,BTC,01/"...)
	out = append(appendPadded(out, 13+row/86400%16, 2), "/17 "...)
	out = append(appendPadded(out, row/3600%24, 2), ':')
	out = append(appendPadded(out, row/60%60, 2), ':')
	out = appendPadded(out, row%60, 2)
	for figure := range 4 {
		out = append(appendPadded(append(out, ','), 1000+(row+figure)%9000, 4), '.')
		out = appendPadded(out, row*7%1_000_000, 6)
	}
	out = append(appendPadded(append(out, ','), 100_000_000+row, 9), ',')
	return append(appendPadded(out, 10_000_000_000+row, 11), '\n')
}

func appendPadded(out []byte, n, width int) []byte {
	out = append(out, "00000000000"[:width]...)
	for i := len(out) - 1; n > 0; i-- {
		out[i] = '0' + byte(n%10)
		n /= 10
	}
	return out
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestMemoryStaysFlat(t *testing.T) {
	const size = 24 << 20
	e := newEndless(size)
	before, most, pages, rows := heap(), uint64(0), 0, 0
	var middle market.Cursor
	read := func(since market.Cursor) {
		r := &reading{fsys: e, cursor: decodeCursor(since, []string{"big.csv"}), yield: func(page source.Page, err error) bool {
			require.NoError(t, err)
			rows += len(page.Items)
			if pages++; pages%25 == 0 {
				most = max(most, heap())
				middle = page.Next
			}
			return true
		}}
		r.files(t.Context(), []string{"big.csv"})
	}
	read("")
	require.Equal(t, e.rows, rows)
	rows = 0
	read(middle) // the bytes before it are hashed, not kept
	require.Less(t, rows, 25*pageRows)
	require.Less(t, most, before+8<<20, "a file of %d MB must not fill the heap", size>>20)
}

// TestFiveGigabytes reads a file larger than the memory that it may take, garbage included.
func TestFiveGigabytes(t *testing.T) {
	const mayTake = 200e6
	e := newEndless(*bigBytes)
	runtime.GC()
	var inUse, system uint64
	var m runtime.MemStats
	rows, bytes, share, began := 0, int64(0), 0.0, time.Now()
	r := &reading{fsys: e, cursor: decodeCursor("", nil), yield: func(page source.Page, err error) bool {
		if err != nil || page.Incomplete != "" || page.Share < share {
			t.Errorf("%v %s share %v after %v", err, page.Incomplete, page.Share, share)
			return false
		}
		rows, bytes, share = rows+len(page.Items), bytes+page.Bytes, page.Share
		runtime.ReadMemStats(&m)
		inUse, system = max(inUse, m.HeapInuse), max(system, m.Sys-m.HeapReleased)
		return inUse < mayTake
	}}
	r.files(t.Context(), []string{"big.csv"})
	t.Logf("%d MB in %s: at most %d MB of heap in use, %d MB held from the system",
		bytes/1e6, time.Since(began).Round(time.Second), inUse/1e6, system/1e6)
	require.Less(t, inUse, uint64(mayTake))
	require.Equal(t, e.rows, rows)
	require.Equal(t, int64(len(bigHead))+int64(e.rows)*int64(bigRow), bytes)
	require.InDelta(t, 1, share, 1e-9)
}

func BenchmarkRows(b *testing.B) {
	e := newEndless(24 << 20)
	rows := 0
	b.ReportAllocs()
	for b.Loop() {
		r := &reading{fsys: e, cursor: decodeCursor("", nil), yield: func(page source.Page, err error) bool {
			rows += len(page.Items)
			return err == nil
		}}
		r.files(b.Context(), []string{"big.csv"})
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
