package apikey

import (
	"bytes"
	"os"
	"regexp"
)

var anywhere = regexp.MustCompile(Pattern)

// Redacted writes to a file with every key cut down to its id, wherever a client has put one: in a path, in the id of a
// request, in an argument that an error quotes. A key must come in one piece, as it does in a line of a log.
type Redacted struct{ File *os.File }

// Write implements io.Writer.
func (r Redacted) Write(p []byte) (int, error) {
	shown := p
	if bytes.Contains(p, []byte(prefix)) {
		shown = anywhere.ReplaceAllFunc(p, func(key []byte) []byte {
			return append(bytes.Clone(key[:len(prefix)+idLength+1]), "…"...)
		})
	}
	if _, err := r.File.Write(shown); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Fd is that of the file: whoever writes may ask whether it is a terminal.
func (r Redacted) Fd() uintptr { return r.File.Fd() }
