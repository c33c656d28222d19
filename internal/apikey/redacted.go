package apikey

import (
	"os"
	"regexp"
)

// anywhere is a key, or the beginning of one, whatever stands around it: the n of a line end in JSON, other words, or nothing of its
// end. A scanner has to be right about what it finds; what is shown to nobody may be more than a key.
var anywhere = regexp.MustCompile(`(` + prefix + `[0-9A-Za-z]{12}_)[0-9A-Za-z_]+`)

// Holds tells whether a part of the secret of a key, or of what looks like one, stands in the text.
func Holds(text string) bool { return anywhere.MatchString(text) }

// Redacted writes to a file with every key cut down to its id, wherever a client has put one: in a path, in an argument that an
// error quotes. A key must come in one piece, as it does in a line of a log.
type Redacted struct{ File *os.File }

// Write implements io.Writer.
func (r Redacted) Write(p []byte) (int, error) {
	if _, err := r.File.Write(anywhere.ReplaceAll(p, []byte("${1}…"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Fd is that of the file: whoever writes may ask whether it is a terminal.
func (r Redacted) Fd() uintptr { return r.File.Fd() }
