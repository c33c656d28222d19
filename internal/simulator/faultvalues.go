package simulator

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// everyRow, as the number of rows of a fault, is all of an answer.
const everyRow = -1

// rewriting is what a kind of fault does to a value of a row.
type rewriting struct {
	fields   []string // those of them that the row has
	write    func(value string) string
	readable bool // the row is as good as before
}

var (
	priceFields  = []string{"current_price", "price"}
	amountFields = append([]string{"market_cap", "total_volume", "volume_24h", "circulating_supply", "total_supply", "max_supply"},
		priceFields...)

	rewritings = map[string]rewriting{
		"nan":          {priceFields, put("NaN"), false},
		"huge_number":  {priceFields, put("1e400"), false},
		"negative":     {priceFields, func(value string) string { return "-" + value }, false},
		"text_numbers": {amountFields, quoteNumber, true},
		"nul":          {[]string{"name"}, endIn(`\u0000`), false},
		"surrogate":    {[]string{"name"}, endIn(`\ud800`), false},
		"invalid_utf8": {[]string{"name"}, endIn("\xff"), false},
		"future":       {[]string{"last_updated"}, put(`"2999-01-01T00:00:00.000Z"`), false},
		"price_jump":   {priceFields, tenfold, true},
	}
)

// rewrite changes the first rows of a list, as many as the fault says. The
// stamps of rows that cannot be read any more are left out.
func (f *Fault) rewrite(rep reply) reply {
	var rows []json.RawMessage
	if json.Unmarshal(rep.body, &rows) != nil {
		return rep // an error of the API: not a list
	}
	how, n := rewritings[f.Kind], len(rows)
	if f.Rows != everyRow {
		n = min(f.Rows, n)
	}
	out := make([][]byte, len(rows))
	for i, row := range rows {
		if out[i] = row; i < n {
			out[i] = how.apply(row)
		}
	}
	rep.body = list(out)
	if !how.readable {
		rep.stamps = rep.stamps[n:]
	}
	return rep
}

func (how rewriting) apply(row []byte) []byte {
	for _, field := range how.fields {
		row = replaceValue(row, field, how.write)
	}
	return row
}

// replaceValue writes the value of a field anew, leaving all other bytes. A
// row has each name once, and none within a text.
func replaceValue(row []byte, field string, write func(string) string) []byte {
	name := []byte(`"` + field + `":`)
	at := bytes.Index(row, name)
	if at < 0 {
		return row
	}
	from := at + len(name)
	d := json.NewDecoder(bytes.NewReader(row[from:]))
	var value json.RawMessage
	if d.Decode(&value) != nil {
		return row
	}
	return slices.Concat(row[:from], []byte(write(string(value))), row[from+int(d.InputOffset()):])
}

func put(text string) func(string) string { return func(string) string { return text } }

// endIn adds to a JSON string.
func endIn(text string) func(string) string {
	return func(value string) string { return strings.TrimSuffix(value, `"`) + text + `"` }
}

func quoteNumber(value string) string {
	if value == "null" {
		return value
	}
	return `"` + value + `"`
}

func tenfold(value string) string {
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return value
	}
	return strconv.FormatFloat(10*v, 'g', -1, 64)
}
