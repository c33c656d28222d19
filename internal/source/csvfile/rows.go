package csvfile

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxJoined is how many lines a quoted cell with line breaks may span.
const maxJoined = 16

// row is a row of the file: its cells, or what is wrong with it.
type row struct {
	text    string   // as it stands in the file, without the last line end
	cells   []string // as many as the header has; reused by the next row; nil where there is trouble
	code    string   // the trouble: "bad_row" or "bad_encoding", empty where there is none
	trouble string   // in a sentence
	cut     bool     // it is but a part of a line
}

// rowReader reads the rows behind the header.
type rowReader struct {
	*lineReader
	delimiter byte
	width     int // cells of the header
	cells     []string
}

// next returns the next row that is not blank, or io.EOF.
//
// A quote that is opened and never closed must not swallow the file. So a row is first taken to
// be one line; only where a quote is still open at its end, further lines are looked at, a few
// at most, and they are taken only if together they make a row of the right width. Otherwise
// the first line alone is a bad row, and reading goes on with the line behind it.
func (r *rowReader) next(ctx context.Context) (row, error) {
	for {
		if err := ctx.Err(); err != nil {
			return row{}, err
		}
		first, err := r.peek(0)
		if err != nil {
			return row{}, err
		}
		text := withoutEnd(first.text)
		if blank(text, r.delimiter) && !first.cut {
			r.consume(1)
			continue
		}
		joined, n, state := text, 1, splitCut
		if !first.cut {
			joined, n, state = r.join(text)
		}
		r.consume(n)
		return r.judge(joined, state), nil
	}
}

// join splits the row that begins with the text and tells how many lines it takes.
func (r *rowReader) join(first string) (string, int, splitState) {
	var state splitState
	if r.cells, state = split(first, r.delimiter, r.cells[:0]); state != splitOpen {
		return first, 1, state
	}
	text := first
	for n := 1; n < maxJoined; n++ {
		l, err := r.peek(n)
		if err != nil || l.cut {
			break // an error that is not the end comes again when the line is due
		}
		last, _ := r.peek(n - 1)
		text += last.text[len(withoutEnd(last.text)):] + withoutEnd(l.text)
		if r.cells, state = split(text, r.delimiter, r.cells[:0]); state == splitOpen {
			continue
		}
		if state == splitWhole && len(r.cells) == r.width {
			return text, n + 1, state
		}
		break
	}
	return first, 1, splitOpen
}

// judge makes a row of what was split last.
func (r *rowReader) judge(text string, state splitState) row {
	return judge(text, r.cells, state, r.width)
}

// judge makes a row of a text and the cells that it was split into.
func judge(text string, cells []string, state splitState, width int) row {
	// Some exporters end every row, but not the header, with a delimiter.
	for len(cells) > width && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return row{text: text, cut: state == splitCut, code: "bad_encoding", trouble: "the row is not UTF-8 or holds a zero byte"}
	case state == splitCut:
		return row{text: text, cut: true, code: "bad_row", trouble: fmt.Sprintf(
			"a part of a line that is longer than %d bytes: is a line end missing?", maxLine)}
	case state == splitOpen:
		return row{text: text, code: "bad_row", trouble: "a quote is opened and not closed"}
	case state == splitBroken:
		return row{text: text, code: "bad_row", trouble: "something follows a closing quote"}
	case len(cells) != width:
		return row{text: text, code: "bad_row", trouble: fmt.Sprintf(
			"the row has %d cells, the header %d", len(cells), width)}
	}
	return row{text: text, cells: cells}
}
