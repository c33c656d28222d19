package csvfile

import (
	"bytes"
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

// endless is a file system with one file that repeats a block of rows up to a size, and which
// exists nowhere in whole.
type endless struct {
	block []byte
	size  int64
}

const (
	bigHead  = "SNo,Name,Symbol,Date,High,Low,Open,Close,Volume,Marketcap\n"
	bigRow   = "1,Bitcoin,BTC,1/13/17 23:59,1003.080017,958.6989746,963.65802,998.3250122,147775008,16050407461\n"
	bigBlock = 10_000
	bigSize  = 24 << 20
)

func newEndless() endless {
	return endless{block: bytes.Repeat([]byte(bigRow), bigBlock), size: bigSize}
}

func (e endless) rows() int { return int((e.size - int64(len(bigHead))) / int64(len(bigRow))) }

func (e endless) Open(name string) (fs.File, error) {
	info, err := fs.Stat(fstest.MapFS{name: {ModTime: time.Unix(1, 0)}}, name)
	if err != nil {
		return nil, err
	}
	body := io.LimitReader(&repeated{block: e.block}, int64(e.rows()*len(bigRow)))
	return &generated{Reader: io.MultiReader(bytes.NewReader([]byte(bigHead)), body), info: info}, nil
}

type repeated struct {
	block []byte
	at    int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.block[r.at:])
	r.at = (r.at + n) % len(r.block)
	return n, nil
}

type generated struct {
	io.Reader
	info fs.FileInfo
}

func (g *generated) Stat() (fs.FileInfo, error) { return g.info, nil }
func (g *generated) Close() error               { return nil }

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestMemoryStaysFlat(t *testing.T) {
	e := newEndless()
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
	require.Equal(t, e.rows(), rows)
	rows = 0
	read(middle) // the bytes before it are hashed, not kept
	require.Less(t, rows, 25*pageRows)
	require.Less(t, most, before+8<<20, "a file of %d MB must not fill the heap", bigSize>>20)
}

func BenchmarkRows(b *testing.B) {
	e := newEndless()
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
