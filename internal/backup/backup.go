// Package backup is the file that a backup is, and the two programs of PostgreSQL that write and read what is in it.
//
// A backup is a dump in pg_dump's custom format, which pg_restore reads as it is; behind it a manifest, which says what must be
// there when it is restored; and at the very end a line with the length of the manifest and the SHA-256 of all before it.
package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

const (
	magic       = "PGDMP" // what the custom format begins with
	endFormat   = "\nkasparro-backup-1 %010d %s\n"
	endLength   = len("\nkasparro-backup-1 0123456789 \n") + 2*sha256.Size
	maxManifest = 4 << 20
)

// What may be wrong with a file. All are told to people as they are.
var (
	ErrForeign   = errors.New("this is no backup: pg_dump did not make it")
	ErrCutOff    = errors.New("its end is missing: it was cut off, or it is a dump that `kasparro backup` did not make")
	ErrDamaged   = errors.New("it is damaged: its SHA-256 is not what it was when the backup was made")
	errManifest  = fmt.Errorf("the manifest is longer than %d bytes", maxManifest)
	errNoReading = errors.New("read the backup")
)

// Writer writes a backup: first the dump, by Write, and then the rest, by Finish.
type Writer struct {
	to    io.Writer
	sum   hash.Hash
	bytes int64
}

// NewWriter begins a backup.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to, sum: sha256.New()} }

// Write adds to the dump.
func (w *Writer) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.sum.Write(p[:n])
	w.bytes += int64(n)
	return n, err
}

// Finish writes the manifest and the end, and returns how many bytes the backup has.
func (w *Writer) Finish(manifest []byte) (int64, error) {
	if len(manifest) > maxManifest {
		return 0, errManifest
	}
	if _, err := w.Write(manifest); err != nil {
		return 0, err
	}
	end := fmt.Sprintf(endFormat, len(manifest), hex.EncodeToString(w.sum.Sum(nil)))
	n, err := io.WriteString(w.to, end)
	return w.bytes + int64(n), err
}

// Read reads a backup to its end and looks whether it is whole. The dump is written to dump as it comes, with the rest behind it, which
// pg_restore leaves unread. It returns the manifest and how many bytes the backup has. Only without an error is what was written to be trusted.
func Read(from io.Reader, dump io.Writer) (manifest []byte, size int64, err error) {
	sum, tail, chunk := sha256.New(), []byte(nil), make([]byte, 256<<10)
	for first := true; ; first = false {
		n, err := io.ReadFull(from, chunk)
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return nil, size, fmt.Errorf("%w: %w", errNoReading, err)
		}
		if first && !bytes.HasPrefix(chunk[:n], []byte(magic)) {
			return nil, int64(n), ErrForeign
		}
		size += int64(n)
		if _, err := dump.Write(chunk[:n]); err != nil {
			return nil, size, err
		}
		tail = append(tail, chunk[:n]...)
		if surplus := len(tail) - maxManifest - endLength; surplus > 0 {
			sum.Write(tail[:surplus])
			tail = tail[surplus:]
		}
		if end {
			manifest, err := settle(sum, tail)
			return manifest, size, err
		}
	}
}

// settle holds the end of a backup to what came before it; tail is not summed up yet.
func settle(sum hash.Hash, tail []byte) ([]byte, error) {
	body, end := tail[:max(len(tail)-endLength, 0)], string(tail[max(len(tail)-endLength, 0):])
	var length int
	var want string
	if n, err := fmt.Sscanf(strings.TrimSpace(end), strings.TrimSpace(endFormat), &length, &want); err != nil || n != 2 || length > len(body) || length < 0 {
		return nil, ErrCutOff
	}
	sum.Write(body)
	if hex.EncodeToString(sum.Sum(nil)) != want {
		return nil, ErrDamaged
	}
	return body[len(body)-length:], nil
}
