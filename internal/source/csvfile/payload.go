package csvfile

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// payloadWriter writes rows as JSON from which, without the file, the record can be derived
// again: {"file":"bitcoin.csv","dates":"mdy","row":{"Date":"1/01/17",...}}. The same row gives the
// same bytes wherever in the file it stands.
type payloadWriter struct {
	file   string
	names  []string
	prefix string   // up to the first cell
	keys   []string // each with its comma and colon
}

func newPayloadWriter(file string, h header, dates dateOrder) payloadWriter {
	w := payloadWriter{file: file, names: h.names, keys: make([]string, len(h.names))}
	prefix := appendText([]byte(`{"file":`), file)
	if dates != orderUnknown {
		prefix = appendText(append(prefix, `,"dates":`...), string(dates))
	}
	w.prefix = string(append(prefix, `,"row":{`...))
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
	size := len(w.prefix) + 2
	for i, cell := range cells {
		size += len(w.keys[i]) + len(cell) + 2
	}
	out := append(make([]byte, 0, size), w.prefix...)
	for i, cell := range cells {
		out = appendText(append(out, w.keys[i]...), cell)
	}
	return append(out, "}}"...)
}

// unread writes a row that could not be told apart, with its text, or in base64 where JSON
// cannot carry it.
func (w payloadWriter) unread(r row) []byte {
	out := appendText([]byte(`{"file":`), w.file)
	header, _ := json.Marshal(w.names) // strings always encode
	out = append(append(out, `,"header":`...), header...)
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
	encoded, _ := json.Marshal(text) // strings always encode
	return append(out, encoded...)
}
