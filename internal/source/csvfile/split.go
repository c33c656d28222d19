package csvfile

import "strings"

// How a text could be split into cells.
type splitState int

const (
	splitWhole  splitState = iota
	splitOpen              // a quoted cell has no end: it may go on in the next line
	splitBroken            // something follows a closing quote
	splitCut               // not tried: it is but a part of a line
)

// split appends the cells of the text, which has no line end of its own, as RFC 4180 writes
// them. A quote inside an unquoted cell stands for itself.
func split(text string, delimiter byte, cells []string) ([]string, splitState) {
	for {
		cell, rest, more, state := cutCell(text, delimiter)
		if state != splitWhole {
			return cells, state
		}
		cells = append(cells, cell)
		if !more {
			return cells, splitWhole
		}
		text = rest
	}
}

// cutCell returns the first cell, what comes behind its delimiter, and whether there was one.
func cutCell(text string, delimiter byte) (cell, rest string, more bool, _ splitState) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexByte(text, delimiter)
		if end < 0 {
			return text, "", false, splitWhole
		}
		return text[:end], text[end+1:], true, splitWhole
	}
	end, doubled := 1, false
	for {
		i := strings.IndexByte(text[end:], '"')
		if i < 0 {
			return "", "", false, splitOpen
		}
		end += i + 1
		if !strings.HasPrefix(text[end:], `"`) {
			break
		}
		doubled = true
		end++
	}
	cell = text[1 : end-1]
	if doubled {
		cell = strings.ReplaceAll(cell, `""`, `"`)
	}
	switch {
	case end == len(text):
		return cell, "", false, splitWhole
	case text[end] == delimiter:
		return cell, text[end+1:], true, splitWhole
	}
	return "", "", false, splitBroken
}

// withoutEnd returns the line without its line feed and carriage return.
func withoutEnd(line string) string {
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
}

// blank tells whether nothing stands between the delimiters.
func blank(text string, delimiter byte) bool {
	for i := range len(text) {
		if c := text[i]; c != ' ' && c != '\t' && c != delimiter {
			return false
		}
	}
	return true
}
