package csvfile

import (
	"strconv"
	"strings"
	"time"
)

const monthNames = "jan feb mar apr may jun jul aug sep oct nov dec "

// cutDate returns the three parts of a date, each of digits or of letters only, and what comes
// behind them. A day of the week before them is left out.
func cutDate(text string) (parts [3]string, rest string) {
	for i := 0; i < len(parts); {
		text = strings.TrimLeft(text, "/-., ")
		n := countDigits(text)
		if n == 0 {
			n = countLetters(text)
		}
		parts[i], text = text[:n], text[n:]
		if i > 0 || n == 0 || countDigits(parts[0]) > 0 || monthOf(parts[0]) > 0 || !isWeekday(parts[0]) {
			i++
		}
	}
	return parts, text
}

func countLetters(text string) int {
	for i := range len(text) {
		if c := text[i] | 0x20; c < 'a' || c > 'z' {
			return i
		}
	}
	return len(text)
}

func isWeekday(word string) bool {
	return len(word) >= 3 && strings.Contains("mon tue wed thu fri sat sun", strings.ToLower(word[:3]))
}

// monthOf returns 1 to 12 for "Feb" and "february", and 0 for what names no month.
func monthOf(word string) int {
	if len(word) < 3 {
		return 0
	}
	i := strings.Index(monthNames, strings.ToLower(word[:3])+" ")
	if i < 0 {
		return 0
	}
	full := strings.ToLower(time.Month(i/4 + 1).String())
	if lower := strings.ToLower(word); !strings.HasPrefix(full, lower) && lower != "sept" {
		return 0
	}
	return i/4 + 1
}

// readDate gives the parts of a date their meaning.
func readDate(parts [3]string, order dateOrder) (year, month, day int, err error) {
	y, m, d := parts[0], parts[1], parts[2]
	switch {
	case monthOf(parts[0]) > 0: // Feb 20, 2018
		y, m, d = parts[2], parts[0], parts[1]
	case len(parts[0]) == 4: // 2018-02-20, 2018-Feb-20
	case monthOf(parts[1]) > 0: // 20-Feb-18
		y, d = parts[2], parts[0]
	case !dayAndMonth(parts):
		return 0, 0, 0, errNoTime
	case order == dayFirst:
		y, d = parts[2], parts[0]
	case order == monthFirst:
		y, m, d = parts[2], parts[0], parts[1]
	default:
		return 0, 0, 0, errUndecided
	}
	if year, err = readYear(y); err != nil {
		return 0, 0, 0, err
	}
	if month = monthOf(m); month == 0 {
		month = upToTwoDigits(m)
	}
	day = upToTwoDigits(d)
	if month > 12 && day <= 12 && dayAndMonth(parts) {
		return 0, 0, 0, errAgainstOrder
	}
	return year, month, day, nil
}

// dayAndMonth tells whether the parts are numbers whose first two are a day and a month in an
// order that they do not tell.
func dayAndMonth(parts [3]string) bool {
	return upToTwoDigits(parts[0]) > 0 && upToTwoDigits(parts[1]) > 0 &&
		countDigits(parts[2]) == len(parts[2]) && (len(parts[2]) == 2 || len(parts[2]) == 4)
}

// upToTwoDigits reads a day or a month; 0 stands for anything else.
func upToTwoDigits(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || len(text) > 2 {
		return 0
	}
	return n
}

// readYear takes two digits for 1969 to 2068, as POSIX does.
func readYear(text string) (int, error) {
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || len(text) != 2 && len(text) != 4:
		return 0, errNoTime
	case len(text) == 4:
		return n, nil
	case n < 69:
		return 2000 + n, nil
	}
	return 1900 + n, nil
}

// clockLayouts are tried in turn; a fraction of a second is read where seconds are.
var clockLayouts = []string{"15:04:05", "15:04", "3:04:05 PM", "3:04 PM", "03-PM"}

// parseClock returns the time since midnight UTC that stands behind a date.
func parseClock(text string) (time.Duration, bool) {
	text = strings.TrimLeft(text, " ,Tt")
	if text == "" {
		return 0, true
	}
	text, offset, ok := cutZone(text)
	if !ok {
		return 0, false
	}
	for _, layout := range clockLayouts {
		if t, err := time.Parse(layout, strings.ToUpper(text)); err == nil {
			midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
			return t.Sub(midnight) - offset, true
		}
	}
	return 0, false
}

// cutZone cuts Z, UTC, GMT, +01:00, +0100 and +01 and returns how far the zone is ahead of UTC.
func cutZone(text string) (string, time.Duration, bool) {
	for _, utc := range []string{"Z", "UTC", "GMT"} {
		text = strings.TrimSpace(strings.TrimSuffix(text, utc))
	}
	sign := strings.LastIndexAny(text, "+-")
	if sign < 0 || strings.HasSuffix(strings.ToUpper(text), "M") {
		return text, 0, true
	}
	digits := strings.Replace(text[sign+1:], ":", "", 1)
	if len(digits) == 2 {
		digits += "00"
	}
	t, err := time.Parse("1504", digits)
	if err != nil || len(digits) != 4 {
		return "", 0, false
	}
	offset := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	if text[sign] == '-' {
		offset = -offset
	}
	return strings.TrimSpace(text[:sign]), offset, true
}
