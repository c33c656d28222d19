package csvfile

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// stored is a payload as payloadWriter and refuse write it, in whatever order its fields come back.
type stored struct {
	File      string            `json:"file"`
	Dates     dateOrder         `json:"dates"`
	Delimiter string            `json:"delimiter"` // empty for a comma
	Columns   map[string]string `json:"columns"`   // nil where the headings tell
	Row       map[string]string `json:"row"`
	Header    []string          `json:"header"`
	Line      *string           `json:"line"`
	Base64    []byte            `json:"line_base64"`
	Cut       bool              `json:"cut"`
	Refused   *verdict          `json:"refused"`
}

// readStored reads a payload; the item is without it.
func readStored(payload []byte) source.Item {
	var s stored
	if err := json.Unmarshal(payload, &s); err != nil {
		return foreign("it is no JSON object of the kind that is written here: " + err.Error())
	}
	switch {
	case s.Row != nil:
		names := inOrder(slices.Collect(maps.Keys(s.Row)))
		cells := make([]string, len(names))
		for i, name := range names {
			cells[i] = s.Row[name]
		}
		return s.item(names, func(header) row { return row{cells: cells} })
	case s.Line != nil || s.Base64 != nil:
		return s.item(s.Header, s.line)
	case s.Header != nil:
		return s.refused()
	}
	return foreign("it holds no row, no line and no header")
}

func foreign(detail string) source.Item {
	return source.Item{Problem: &market.Reason{Code: "bad_payload", Detail: "the payload is none of a CSV file: " + detail}}
}

// item reads a row as it was read from the file.
func (s *stored) item(names []string, read func(header) row) source.Item {
	t, err := s.table(names)
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		return refused.item(s.File)
	}
	if err != nil {
		return foreign(err.Error())
	}
	return t.read(read(t.header))
}

// table makes the table that the row is of.
func (s *stored) table(names []string) (*table, error) {
	delimiter := byte(',')
	if s.Delimiter != "" {
		delimiter = s.Delimiter[0]
	}
	h := newHeader(names, delimiter)
	if s.Columns != nil {
		var ok bool
		if h, ok = h.mapped(s.Columns); !ok {
			return nil, errors.New("its columns are not among its headings")
		}
	}
	if err := h.check(s.File); err != nil {
		return nil, err
	}
	c, err := readCoins(s.File, h)
	if err != nil {
		return nil, err
	}
	return &table{header: h, coins: c, dates: s.Dates}, nil
}

// line splits a line that could not be read, again: what was wrong with it is found again, too.
func (s *stored) line(h header) row {
	text := string(s.Base64)
	if s.Line != nil {
		text = *s.Line
	}
	cells, state := []string(nil), splitCut
	if !s.Cut {
		cells, state = split(text, h.delimiter, nil)
	}
	return judge(text, cells, state, len(h.names))
}

// refused is the refusal of a file. Where its reason was not written down, what the header tells is
// the next best.
func (s *stored) refused() source.Item {
	item := source.Item{ExternalID: s.File}
	if s.Refused != nil {
		item.Problem = &market.Reason{Code: s.Refused.Code, Field: s.Refused.Field, Detail: s.Refused.Detail}
		return item
	}
	var why *refusal
	if _, err := s.table(s.Header); !errors.As(err, &why) {
		errors.As(refuse(s.File, s.Header, "unreadable_rows", "", "its rows could not be read: mend it, and it is read again"), &why)
	}
	item.Problem = &why.reason
	return item
}
