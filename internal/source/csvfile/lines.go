package csvfile

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
)

const (
	maxLine  = 256 << 10 // no row of prices is longer; more is handed on in parts
	skipStep = 1 << 20   // how much is skipped between two looks at the context
)

// errReplaced: the bytes before the offset are no longer those that were read.
var errReplaced = errors.New("the file was replaced")

// lineReader hands out lines, some of them ahead, and knows where the consumed ones end and what
// they hash to.
type lineReader struct {
	in     *bufio.Reader
	ahead  []line    // read, not consumed
	offset int64     // number of consumed bytes, all of whole lines
	sum    hash.Hash // of the consumed bytes
	seen   int64     // bytes handed out for good, the half line at the end included
	midway bool      // what comes next is a further part of a line that was cut
	buffer []byte
}

// line is a line as it stands in the file, its end included.
type line struct {
	text  string
	whole bool // it has an end, or is one part of a longer one
	cut   bool // it is one part of a line longer than maxLine
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(r, maxLine), sum: sha256.New()}
}

// peek returns the line i lines ahead, or io.EOF.
func (r *lineReader) peek(i int) (line, error) {
	for len(r.ahead) <= i {
		l, err := r.read()
		if err != nil {
			return line{}, err
		}
		r.ahead = append(r.ahead, l)
	}
	return r.ahead[i], nil
}

func (r *lineReader) read() (line, error) {
	text, err := r.in.ReadSlice('\n')
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return line{}, err
	}
	if len(text) == 0 {
		return line{}, io.EOF
	}
	full := errors.Is(err, bufio.ErrBufferFull)
	l := line{text: string(text), whole: err == nil || full, cut: full || r.midway}
	r.midway = full
	return l, nil
}

// consume takes the next n lines for good. A last line without an end is handed out and yet not
// counted, since it may be half written: reading goes on at its beginning another time.
func (r *lineReader) consume(n int) {
	if n == 0 {
		return
	}
	whole := r.ahead[n-1].whole
	for _, l := range r.ahead[:n] {
		r.seen += int64(len(l.text))
		if whole {
			r.buffer = append(r.buffer[:0], l.text...)
			r.sum.Write(r.buffer)
			r.offset += int64(len(l.text))
		}
	}
	r.ahead = append(r.ahead[:0], r.ahead[n:]...)
}

// hash is the SHA-256 of the consumed bytes.
func (r *lineReader) hash() string { return hex.EncodeToString(r.sum.Sum(nil)) }

// skipTo consumes up to the offset, which is behind the header, and returns errReplaced where
// the bytes before it do not have the hash.
func (r *lineReader) skipTo(ctx context.Context, offset int64, want string) error {
	for len(r.ahead) > 0 && r.ahead[0].whole && r.offset+int64(len(r.ahead[0].text)) <= offset {
		r.consume(1)
	}
	left := offset - r.offset
	if left < 0 || left > 0 && len(r.ahead) > 0 {
		return errReplaced
	}
	for left > 1 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyN(r.sum, r.in, min(left-1, skipStep))
		left -= n
		if err != nil {
			return replacedAtEOF(err)
		}
	}
	if left == 1 {
		last, err := r.in.ReadByte()
		if err != nil {
			return replacedAtEOF(err)
		}
		r.sum.Write([]byte{last})
		// An offset inside a line lies between two parts of a line that was cut.
		r.midway = last != '\n'
	}
	r.offset = offset
	if r.hash() != want {
		return errReplaced
	}
	return nil
}

func replacedAtEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return errReplaced // it has become shorter
	}
	return err
}
