package csvfile

import (
	"encoding/json"
	"fmt"
	"io/fs"

	"github.com/kasparro/kasparro/internal/market"
)

// cursor is how far each file has been read, by its name.
type cursor struct {
	Files map[string]progress `json:"files"`
}

// progress is how far one file has been read and what was decided of it.
type progress struct {
	Size     int64     `json:"size"`     // of the file when it was opened
	Modified int64     `json:"modified"` // nanoseconds since 1970, 0 where the file has no such time
	Offset   int64     `json:"offset"`   // bytes whose rows have been yielded
	SHA256   string    `json:"sha256,omitempty"`
	Dates    dateOrder `json:"dates,omitempty"`
	Done     bool      `json:"done,omitempty"`    // its end was reached
	Refused  string    `json:"refused,omitempty"` // why nothing more of it is read until it changes
}

func progressOf(info fs.FileInfo) progress {
	p := progress{Size: info.Size()}
	if !info.ModTime().IsZero() {
		p.Modified = info.ModTime().UnixNano()
	}
	return p
}

// covers tells whether nothing can be new in the file, judged without opening it. Embedded files
// have no time of modification: those are always compared by their hash.
func (p progress) covers(info fs.FileInfo) bool {
	now := progressOf(info)
	return (p.Done || p.Refused != "") && now.Modified != 0 && now.Modified == p.Modified && now.Size == p.Size
}

// decodeCursor reads a cursor and keeps what it says of the files named. A cursor that was not
// made here is the beginning.
func decodeCursor(c market.Cursor, names []string) cursor {
	var stored cursor
	if err := json.Unmarshal([]byte(c), &stored); err != nil {
		stored = cursor{}
	}
	known := cursor{Files: make(map[string]progress, len(names))}
	for _, name := range names {
		if p, ok := stored.Files[name]; ok {
			known.Files[name] = p
		}
	}
	return known
}

func (c cursor) encode() (market.Cursor, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encoding the cursor: %w", err)
	}
	return market.Cursor(text), nil
}
