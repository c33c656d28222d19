// Package csvfile reads prices from CSV files of any size in flat memory: it understands by their
// header how the usual exporters write, remembers how far each file has been read, and goes on
// there when rows were appended. It brings a small history of its own.
package csvfile

import (
	"context"
	"iter"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// Source is the CSV source.
type Source struct{ path string }

// New returns the source over path: a file, a directory (its *.csv) or a glob. An empty path is
// the bundled history. The path is looked at anew by every Extract.
func New(path string) *Source { return &Source{path: path} }

// Name is "csv".
func (s *Source) Name() string { return "csv" }

// Kind is market.KindFile.
func (s *Source) Kind() string { return market.KindFile }

// Extract yields the rows of all files, file by file in the order of their names. A file that
// cannot be understood gives one item with a problem, and a file that cannot be read gives an
// error after all others have been yielded.
func (s *Source) Extract(ctx context.Context, since market.Cursor) iter.Seq2[source.Page, error] {
	return func(yield func(source.Page, error) bool) {
		fsys, names, err := find(s.path)
		if err != nil {
			yield(source.Page{}, err)
			return
		}
		r := &reading{fsys: fsys, cursor: decodeCursor(since, names), yield: yield}
		r.files(ctx, names)
	}
}

// Item reads a row again. It needs the payload only, not the file. A file that was refused stays so.
func (s *Source) Item(payload []byte) source.Item {
	item := readStored(payload)
	item.Payload = payload
	return item
}
