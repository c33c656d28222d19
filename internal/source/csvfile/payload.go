package csvfile

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// payloadWriter writes rows as JSON from which, without the file, the record can be derived
// again: {"file":"bitcoin.csv","dates":"mdy","row":{"Date":"1/01/17",...}}. The same row gives the
// same bytes wherever in the file it stands. How the file is read is told where it is not as usual:
// what divides its cells, and which heading stands for which column.
type payloadWriter struct {
	file  string // the field with its name
	dates string // the fields that tell how it is read, each with its comma
	form  string
	names []string
	keys  []string // of the cells, each with its comma and colon
}

func newPayloadWriter(file string, h header, dates dateOrder) payloadWriter {
	w := payloadWriter{file: string(appendText([]byte(`{"file":`), file)), names: h.names, keys: make([]string, len(h.names))}
	if dates != orderUnknown {
		w.dates = `,"dates":"` + string(dates) + `"`
	}
	if h.delimiter != ',' {
		w.form = string(appendText([]byte(`,"delimiter":`), string(h.delimiter)))
	}
	if columns := h.unclear(); columns != nil {
		w.form += string(appendJSON([]byte(`,"columns":`), columns))
	}
	for i, name := range h.names {
		w.keys[i] = string(append(appendText(nil, name), ':'))
		if i > 0 {
			w.keys[i] = "," + w.keys[i]
		}
	}
	return w
}

// row writes a row whose cells were told apart.
func (w payloadWriter) row(cells []string) []byte {
	const open, end = `,"row":{`, "}}"
	size := len(w.file) + len(w.dates) + len(w.form) + len(open) + len(end)
	for i, cell := range cells {
		size += len(w.keys[i]) + len(cell) + 2
	}
	out := make([]byte, 0, size)
	for _, part := range [...]string{w.file, w.dates, w.form, open} {
		out = append(out, part...)
	}
	for i, cell := range cells {
		out = appendText(append(out, w.keys[i]...), cell)
	}
	return append(out, end...)
}

// unread writes a row that could not be told apart, with its text, or in base64 where JSON
// cannot carry it.
func (w payloadWriter) unread(r row) []byte {
	out := appendJSON([]byte(w.file+w.form+`,"header":`), w.names)
	if r.cut {
		out = append(out, `,"cut":true`...)
	}
	if r.code == "bad_encoding" {
		out = appendText(append(out, `,"line_base64":`...), base64.StdEncoding.EncodeToString([]byte(r.text)))
	} else {
		out = appendText(append(out, `,"line":`...), r.text)
	}
	return append(out, '}')
}

// appendText appends a JSON string. Most cells need no escape.
func appendText(out []byte, text string) []byte {
	if strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) < 0 {
		return append(append(append(out, '"'), text...), '"')
	}
	return appendJSON(out, text)
}

// appendJSON appends what consists of strings, which always encode.
func appendJSON(out []byte, value any) []byte {
	encoded, _ := json.Marshal(value)
	return append(out, encoded...)
}
