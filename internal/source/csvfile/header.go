package csvfile

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// headerLines is how many lines may stand before the header's end: banners, notes, blank ones.
const headerLines = 10

// header is what the first lines of a file tell about the rest.
type header struct {
	delimiter byte
	names     []string // as they stand there, made unique
	column    [columns]int
	clock     int     // the column with the time of day where the date stands apart, or -1
	guesses   guesses // of headings that are misspelt
}

// has tells whether the file has the column.
func (h header) has(column int) bool { return h.column[column] >= 0 }

// readHeader consumes the lines up to the header, or returns a refusal. Only where no line is a
// header as it stands, a misspelt one is looked for.
func readHeader(lines *lineReader, file string) (header, error) {
	var texts []string
	broken := ""
	for len(texts) < headerLines {
		l, err := lines.peek(len(texts))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return header{}, err
		}
		text := withoutEnd(l.text)
		if len(texts) == 0 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if broken = breakage(text, l.cut, len(texts)+1); broken != "" {
			break
		}
		texts = append(texts, text)
		if h, ok := sniff(text, newHeader); ok {
			lines.consume(len(texts))
			h = h.guess()
			return h, h.check(file)
		}
	}
	for i, text := range texts {
		if h, ok := sniff(text, guessedHeader); ok {
			lines.consume(i + 1)
			return h, h.check(file)
		}
	}
	lines.consume(len(lines.ahead))
	return header{}, noHeader(file, texts, broken)
}

// breakage says what keeps a line, or the part of one that was cut, from being one of a table, and how to
// mend it; it is empty for a line that may be a header.
func breakage(text string, cut bool, number int) string {
	for range utf8.UTFMax - 1 { // a cut may go through the middle of a letter
		if last, size := utf8.DecodeLastRuneInString(text); !cut || last != utf8.RuneError || size != 1 {
			break
		}
		text = text[:len(text)-1]
	}
	switch {
	case strings.ContainsRune(text, 0) || !utf8.ValidString(text):
		return "its first lines are no text in UTF-8: save it as CSV UTF-8"
	case cut:
		return fmt.Sprintf("its line %d goes on for more than %d bytes, the most that a line may have: put each row on a line of its own, with a line feed (LF or CR LF) at its end",
			number, maxLine)
	}
	return ""
}

// noHeader refuses a file whose first lines hold no header, and are broken where it says how.
func noHeader(file string, texts []string, broken string) error {
	if broken != "" {
		return refuse(file, nil, "not_csv", "", broken)
	}
	var first []string
	for _, text := range texts {
		if first == nil && strings.TrimSpace(text) != "" {
			first, _ = split(text, ',', nil)
		}
	}
	return refuse(file, first, "not_csv", "", "no header is found in its first lines: "+
		"begin it with a line that names the columns, such as date,symbol,close")
}

// sniff takes the line for a header if some delimiter makes at least two columns of it that are
// known, a time or a price among them.
func sniff(text string, read func([]string, byte) header) (header, bool) {
	var best header
	most := 1
	for _, delimiter := range []byte{',', ';', '\t'} {
		cells, state := split(text, delimiter, nil)
		if state != splitWhole {
			continue
		}
		h := read(cells, delimiter)
		known := 0
		for column := range h.column {
			if h.has(column) {
				known++
			}
		}
		if known > most && (h.has(colTime) || h.has(colPrice)) {
			best, most = h, known
		}
	}
	return best, most > 1
}

// guessedHeader is newHeader with what headings resemble.
func guessedHeader(cells []string, delimiter byte) header { return newHeader(cells, delimiter).guess() }

func newHeader(cells []string, delimiter byte) header {
	h := header{delimiter: delimiter, names: make([]string, len(cells)), clock: -1}
	place, taken := map[string]int{}, map[string]bool{}
	for i, cell := range cells {
		name := strings.TrimSpace(cell)
		for name == "" || taken[name] {
			name = strings.TrimSpace(name + " (column " + strconv.Itoa(i+1) + ")")
		}
		h.names[i], taken[name] = name, true
		if normal := normalHeading(cell); normal != "" {
			if _, ok := place[normal]; !ok {
				place[normal] = i
			}
		}
	}
	for column, known := range headings {
		h.column[column] = -1
		for _, heading := range known {
			if i, ok := place[heading]; ok {
				h.column[column] = i
				break
			}
		}
	}
	if at := h.column[colTime]; at >= 0 && (at == placeOf(place, "date") || at == placeOf(place, "tradedate")) {
		h.clock = placeOf(place, "time")
	}
	// CoinMarketCap's export has the number of its quote currency under "name".
	if _, ok := place["timeopen"]; ok {
		h.column[colName] = -1
	}
	return h
}

// placeOf returns where a heading stands, or -1.
func placeOf(place map[string]int, heading string) int {
	if i, ok := place[heading]; ok {
		return i
	}
	return -1
}

// normalHeading keeps letters and digits in lower case and spells the percent sign out.
func normalHeading(cell string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, strings.ReplaceAll(cell, "%", "percent"))
}

// check refuses a file without a date or a price.
func (h header) check(file string) error {
	switch {
	case !h.has(colTime):
		return refuse(file, h.names, "missing_date_column", "date", "it has no column with a date or time: "+
			h.guesses.hint(colTime)+"add one and name it date, time, timestamp or unix")
	case !h.has(colPrice):
		return refuse(file, h.names, "missing_price_column", "price", "it has no column with a price in "+
			"US dollars: "+h.guesses.hint(colPrice)+"add one and name it price or close")
	}
	return nil
}
