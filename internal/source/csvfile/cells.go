package csvfile

import "strings"

// nothing is what exporters write for "no figure", in lower case.
var nothing = map[string]bool{"": true, "-": true, "--": true, "—": true, "–": true, "?": true, "null": true,
	"none": true, "nil": true, "n/a": true, "#n/a": true, "na": true, "nan": true}

// isNothing tells whether the cell says that there is no figure.
func isNothing(cell string) bool {
	cell = strings.TrimSpace(cell)
	return len(cell) <= 4 && nothing[strings.ToLower(cell)]
}

// amount returns the number in the cell as a plain decimal with exactly the digits that are
// given: "$8,746.60" is 8746.60, "610.66K" is 610660, "1.47E+11" stays. It is empty where the
// cell says nothing, and not ok where it is no number. No float is involved.
//
// With decimalComma, which is when commas do not divide cells, a single comma in a number may
// mean either thing ("1,234"), so such a number is not ok.
func amount(cell string, decimalComma bool) (text string, ok bool) {
	if isNothing(cell) {
		return "", true
	}
	text = strings.TrimSpace(cell)
	text = strings.TrimSpace(strings.TrimSuffix(text, "%"))
	text, negative := cutSign(text)
	if after, found := strings.CutPrefix(text, "$"); found {
		inner := false
		text, inner = cutSign(strings.TrimSpace(after))
		negative = negative != inner
	}
	if text, ok = ungroup(text, decimalComma); !ok {
		return "", false
	}
	text, shift := cutMagnitude(text)
	if text, ok = plain(text, shift); !ok {
		return "", false
	}
	if negative {
		text = "-" + text
	}
	return text, true
}

func cutSign(text string) (string, bool) {
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		return rest, true
	}
	if rest, ok := strings.CutPrefix(text, "−"); ok {
		return rest, true
	}
	return strings.TrimPrefix(text, "+"), false
}

// ungroup removes thousands separators, which must stand where such separators stand.
func ungroup(text string, decimalComma bool) (string, bool) {
	if strings.IndexByte(text, ',') < 0 {
		return text, true
	}
	groups := strings.Split(text, ",")
	if decimalComma && len(groups) == 2 && !strings.Contains(text, ".") {
		return "", false
	}
	if n := countDigits(groups[0]); n < 1 || n > 3 || n < len(groups[0]) {
		return "", false
	}
	for i, group := range groups[1:] {
		// What comes behind the last group of three is a fraction, a magnitude, or nothing.
		if n := countDigits(group); n != 3 || i < len(groups)-2 && len(group) != 3 {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

// cutMagnitude cuts a trailing K, M, B or T and returns the power of ten that it stands for.
func cutMagnitude(text string) (string, int) {
	if text == "" {
		return "", 0
	}
	shift := 0
	switch text[len(text)-1] {
	case 'k', 'K':
		shift = 3
	case 'm', 'M':
		shift = 6
	case 'b', 'B':
		shift = 9
	case 't', 'T':
		shift = 12
	default:
		return text, 0
	}
	return strings.TrimSpace(text[:len(text)-1]), shift
}

// plain checks an unsigned number and moves its point to the right.
func plain(text string, shift int) (string, bool) {
	whole := countDigits(text)
	integer, rest, fraction := text[:whole], text[whole:], ""
	if after, ok := strings.CutPrefix(rest, "."); ok {
		n := countDigits(after)
		fraction, rest = after[:n], after[n:]
	}
	if integer == "" && fraction == "" || rest != "" && (shift > 0 || !isExponent(rest)) {
		return "", false
	}
	if shift > 0 {
		if missing := shift - len(fraction); missing > 0 {
			fraction += strings.Repeat("0", missing)
		}
		integer, fraction = integer+fraction[:shift], fraction[shift:]
		for len(integer) > 1 && integer[0] == '0' { // "0.61066K" is 610.66, not 0610.66
			integer = integer[1:]
		}
	}
	if integer == "" {
		integer = "0"
	}
	if fraction != "" {
		integer += "." + fraction
	}
	return integer + rest, true
}

// isExponent accepts e+11, E-7, e5. Three digits are beyond any price.
func isExponent(text string) bool {
	if text[0] != 'e' && text[0] != 'E' {
		return false
	}
	digits := strings.TrimLeft(text[1:], "+-")
	return len(text)-1-len(digits) <= 1 && digits != "" && len(digits) <= 3 && countDigits(digits) == len(digits)
}

// countDigits counts the digits at the beginning.
func countDigits(text string) int {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return i
		}
	}
	return len(text)
}
