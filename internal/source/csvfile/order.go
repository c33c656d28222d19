package csvfile

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
)

// declaredOrder is the order of day and month that the file's name declares: "bitcoin.dmy.csv".
func declaredOrder(file string) dateOrder {
	switch order := dateOrder(strings.TrimPrefix(path.Ext(withoutExt(file)), ".")); order {
	case dayFirst, monthFirst:
		return order
	}
	return orderUnknown
}

func withoutExt(file string) string { return strings.TrimSuffix(file, path.Ext(file)) }

// decideOrder reads the dates of the whole file before its rows are read, so that the first row
// is understood as the last one demands, and a file that contradicts itself is refused and not
// read wrongly. A column that begins with dates of another kind (2018-02-20) is not read through.
func decideOrder(ctx context.Context, fsys fs.FS, file string) (dateOrder, error) {
	if order := declaredOrder(file); order != orderUnknown {
		return order, nil
	}
	f, err := fsys.Open(file)
	if err != nil {
		return orderUnknown, err
	}
	defer func() { _ = f.Close() }()
	lines := newLineReader(f)
	head, err := readHeader(lines, file)
	if err != nil {
		return orderUnknown, err
	}
	rows := &rowReader{lineReader: lines, delimiter: head.delimiter, width: len(head.names)}
	var found evidence
	for !found.conclusive {
		row, err := rows.next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return orderUnknown, err
		}
		if row.code == "" {
			found.add(row.cells[head.column[colTime]])
		}
	}
	return found.verdict(file, head)
}

// evidence is what the dates of a file tell about the order of day and month.
type evidence struct {
	conclusive bool   // no further date can change the verdict
	numeric    string // a date of the kind in question, empty where there is none
	dayFirst   string // a date that only makes sense with the day first
	monthFirst string
}

func (e *evidence) add(text string) {
	text = strings.TrimSpace(text)
	parts, _ := cutDate(text)
	if !dayAndMonth(parts) {
		_, err := parseTime(text, orderUnknown)
		e.conclusive = err == nil && e.numeric == ""
		return
	}
	e.numeric = text
	first, second := upToTwoDigits(parts[0]), upToTwoDigits(parts[1])
	if first > 12 && second <= 12 {
		e.dayFirst = text
	}
	if second > 12 && first <= 12 {
		e.monthFirst = text
	}
	e.conclusive = e.dayFirst != "" && e.monthFirst != ""
}

func (e *evidence) verdict(file string, head header) (dateOrder, error) {
	const mend = "put .dmy. (day first) or .mdy. (month first) before the ending of its name, "
	declare := mend + "as in " + path.Base(withoutExt(file)) + ".dmy.csv"
	column := head.names[head.column[colTime]]
	switch {
	case e.numeric == "":
		return orderUnknown, nil
	case e.dayFirst != "" && e.monthFirst != "":
		return orderUnknown, refuse(file, head.names, "ambiguous_date_order", column,
			"its dates contradict each other: "+e.dayFirst+" has the day first and "+e.monthFirst+
				" the month; write them all in one way, or "+declare)
	case e.dayFirst != "":
		return dayFirst, nil
	case e.monthFirst != "":
		return monthFirst, nil
	}
	return orderUnknown, refuse(file, head.names, "ambiguous_date_order", column,
		"its dates, such as "+e.numeric+", do not tell whether the day or the month comes first; "+declare)
}
