package csvfile

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// dateOrder is how dates such as 1/02/17 are to be read.
type dateOrder string

const (
	orderUnknown dateOrder = "" // not decided, or not needed since the dates are not of that kind
	dayFirst     dateOrder = "dmy"
	monthFirst   dateOrder = "mdy"
)

var (
	errNoTime       = errors.New("is no date or time that is understood")
	errUndecided    = errors.New("may be day or month first, and the dates before it were of another kind")
	errAgainstOrder = errors.New("contradicts the order of day and month in the rest of the file")
)

// parseTime reads a date, a date and time, or unix seconds, milliseconds or microseconds. What
// has no zone is UTC, and a date alone its midnight. The error fits behind the text.
func parseTime(text string, order dateOrder) (time.Time, error) {
	text = strings.TrimSpace(text)
	if whole := countDigits(text); whole == len(text) || isFraction(text[whole:]) {
		return parseNumber(text, whole)
	}
	date, rest := cutDate(text)
	year, month, day, err := readDate(date, order)
	if err != nil {
		return time.Time{}, err
	}
	midnight := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if midnight.Day() != day || midnight.Month() != time.Month(month) || year < 1970 || year > 9999 {
		return time.Time{}, errNoTime
	}
	since, ok := parseClock(rest)
	if !ok {
		return time.Time{}, errNoTime
	}
	return midnight.Add(since), nil
}

// isFraction accepts a point with at least one digit and nothing else.
func isFraction(text string) bool {
	return len(text) > 1 && text[0] == '.' && countDigits(text[1:]) == len(text)-1
}

// parseNumber reads a unix time, told apart by its size, and dates such as 20170131.
func parseNumber(text string, whole int) (time.Time, error) {
	n, err := strconv.ParseInt(text[:whole], 10, 64)
	if err != nil {
		return time.Time{}, errNoTime
	}
	switch {
	case whole == 8 && whole == len(text):
		if t, err := time.Parse("20060102", text); err == nil {
			return t, nil
		}
	case whole == 9 || whole == 10:
		t := time.Unix(n, 0).UTC()
		if whole < len(text) {
			fraction := (text[whole+1:] + "000000000")[:9]
			nanos, _ := strconv.ParseInt(fraction, 10, 64)
			t = t.Add(time.Duration(nanos))
		}
		return t, nil
	case whole == 12 || whole == 13:
		return time.UnixMilli(n).UTC(), nil
	case whole == 15 || whole == 16:
		return time.UnixMicro(n).UTC(), nil
	}
	return time.Time{}, errNoTime
}
