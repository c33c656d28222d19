package sourcetest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// JSONB writes a JSON document as PostgreSQL writes it after keeping it as jsonb: fields by the length
// of their names, numbers without an exponent, strings without needless escapes. It panics for what
// jsonb refuses.
func JSONB(document []byte) string {
	var out strings.Builder
	writeJSONB(&out, document)
	return out.String()
}

func writeJSONB(out *strings.Builder, raw json.RawMessage) {
	switch raw = bytes.TrimSpace(raw); raw[0] {
	case '{':
		var fields map[string]json.RawMessage
		must(json.Unmarshal(raw, &fields))
		names := make([]string, 0, len(fields))
		for name := range fields {
			names = append(names, name)
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
		out.WriteByte('{')
		for i, name := range names {
			separate(out, i)
			writeString(out, name)
			out.WriteString(": ")
			writeJSONB(out, fields[name])
		}
		out.WriteByte('}')
	case '[':
		var elements []json.RawMessage
		must(json.Unmarshal(raw, &elements))
		out.WriteByte('[')
		for i, element := range elements {
			separate(out, i)
			writeJSONB(out, element)
		}
		out.WriteByte(']')
	case '"':
		var text string
		must(json.Unmarshal(raw, &text))
		writeString(out, text)
	case 't', 'f', 'n':
		out.Write(raw)
	default:
		number, err := decimal.NewFromString(string(raw))
		must(err)
		out.WriteString(number.StringFixed(max(0, -number.Exponent())))
	}
}

func separate(out *strings.Builder, i int) {
	if i > 0 {
		out.WriteString(", ")
	}
}

var escapes = map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

func writeString(out *strings.Builder, text string) {
	out.WriteByte('"')
	for _, r := range text {
		switch escaped, is := escapes[r]; {
		case is:
			out.WriteString(escaped)
		case r < ' ':
			fmt.Fprintf(out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("sourcetest: jsonb refuses this: %v", err))
	}
}
