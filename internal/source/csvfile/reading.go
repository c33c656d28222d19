package csvfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/kasparro/kasparro/internal/source"
)

const (
	pageRows  = 2000
	pageBytes = 4 << 20 // a page is closed earlier if its rows are that large
)

// errStopped: the consumer wants no more.
var errStopped = errors.New("stopped by the consumer")

// reading is one walk over the files.
type reading struct {
	fsys   fs.FS
	cursor cursor // of everything that was yielded
	yield  func(source.Page, error) bool
	still  []string // why files that were refused before, and have not changed, are left out

	warnings []string // of the file in hand, until its first page tells them
	all      int64    // bytes of the files that are to be read
	done     int64    // bytes of those that have been dealt with
}

// files reads one file after the other. One that cannot be read does not keep the others away.
func (r *reading) files(ctx context.Context, names []string) {
	var failed []error
	r.measure(names)
	for _, name := range names {
		err := r.file(ctx, name)
		switch {
		case err == nil:
			continue
		case errors.Is(err, errStopped):
			return
		case ctx.Err() != nil:
			r.yield(source.Page{}, fmt.Errorf("reading %s: %w", name, ctx.Err()))
			return
		default:
			failed = append(failed, fmt.Errorf("reading %s: %w", name, err))
		}
	}
	if len(r.still) > 0 && !r.remind() {
		return
	}
	switch len(failed) {
	case 0:
	case 1:
		r.yield(source.Page{}, failed[0])
	default:
		r.yield(source.Page{}, fmt.Errorf("%d files cannot be read, the first is: %w", len(failed), failed[0]))
	}
}

func (r *reading) file(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.warnings = nil
	info, err := fs.Stat(r.fsys, name)
	if err != nil {
		return err
	}
	known := r.cursor.Files[name]
	if known.covers(info) {
		if known.Refused != "" {
			r.still = append(r.still, known.Refused)
		}
		return nil
	}
	defer func() { r.done += info.Size() }()
	err = r.open(ctx, name, known)
	if errors.Is(err, errReplaced) {
		err = r.open(ctx, name, progress{})
	}
	return err
}

// open reads the file from where it was left, or returns errReplaced where that place is gone.
func (r *reading) open(ctx context.Context, name string, known progress) error {
	f, err := r.fsys.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	lines := newLineReader(f)
	at := progressOf(info)
	t, err := r.understand(ctx, name, lines, known)
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		return r.refuse(name, at, refused, lines.seen)
	}
	if err != nil {
		return err
	}
	at.Dates, r.warnings = t.dates, t.header.guesses.warnings(name)
	rows := &rowReader{lineReader: lines, delimiter: t.header.delimiter, width: len(t.header.names)}
	return r.pages(ctx, name, t, rows, at)
}

// understand reads the header, goes to where the file was left and decides how to read its dates,
// which holds for all that is appended to it.
func (r *reading) understand(ctx context.Context, name string, lines *lineReader, known progress) (*table, error) {
	h, err := readHeader(lines, name)
	if err != nil {
		return nil, err
	}
	c, err := readCoins(name, h)
	if err != nil {
		return nil, err
	}
	dates := orderUnknown
	if known.Offset > 0 {
		dates = known.Dates
		if err := lines.skipTo(ctx, known.Offset, known.SHA256); err != nil {
			return nil, err
		}
	}
	if dates == orderUnknown { // also where only the header had been read so far
		if dates, err = decideOrder(ctx, r.fsys, name); err != nil {
			return nil, err
		}
	}
	return newTable(name, h, c, dates), nil
}

// pages yields the rows. The progress of a page is taken behind its last row and before the next
// one, which has to be looked at to know whether the page is the last of the file.
func (r *reading) pages(ctx context.Context, name string, t *table, rows *rowReader, at progress) error {
	var page source.Page
	start := int64(0)
	for {
		full := len(page.Items) >= pageRows || rows.seen-start >= pageBytes
		at.Offset, page.Bytes = rows.offset, rows.seen-start
		if full {
			at.SHA256 = rows.hash()
		}
		next, err := rows.next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if full {
			start += page.Bytes
			if stop, err := r.giveRows(name, at, page, t); stop || err != nil {
				return err
			}
			page = source.Page{Items: make([]source.Item, 0, pageRows)}
		}
		page.Items = append(page.Items, t.item(next))
	}
	at.Offset, at.SHA256, at.Done = rows.offset, rows.hash(), true
	page.Bytes = rows.seen - start
	_, err := r.giveRows(name, at, page, t)
	return err
}

// give yields a page with the progress behind it; a page that tells nothing new is left out.
func (r *reading) give(name string, at progress, page source.Page) error {
	if len(page.Items) == 0 && at == r.cursor.Files[name] {
		return nil
	}
	r.cursor.Files[name] = at
	next, err := r.cursor.encode()
	if err != nil {
		return err
	}
	page.Next, page.Part, page.Share = next, name, r.share(at)
	page.Warnings, r.warnings = r.warnings, nil
	if !r.yield(page, nil) {
		return errStopped
	}
	return nil
}
