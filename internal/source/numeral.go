package source

import (
	"math"
	"strconv"
)

// Figures of the market have at most some forty digits. What goes beyond these bounds is garbage
// that would cost the store dearly: 1e100000 is eight characters here and 100 kB there.
const (
	maxNumberText = 256
	// MaxExponent is how many digits a figure may have before its point or behind it.
	MaxExponent = 128
)

// numeral is the shape of a decimal number: enough to judge it without computing with it.
type numeral struct {
	negative bool // and not zero
	length   int  // digits from the first one that is not 0
	exponent int  // of the last digit
}

// readNumeral reads a number such as -1.50e-7, and is not ok for anything else.
func readNumeral(text string) (n numeral, ok bool) {
	i, digits, point := 0, 0, false
	if text != "" && (text[0] == '-' || text[0] == '+') {
		i++
	}
	for ; i < len(text) && (text[i] == '.' && !point || text[i] >= '0' && text[i] <= '9'); i++ {
		if text[i] == '.' {
			point = true
			continue
		}
		digits++
		if n.length > 0 || text[i] != '0' {
			n.length++
		}
		if point {
			n.exponent--
		}
	}
	n.negative = n.length > 0 && text[0] == '-'
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		exponent, ok := readExponent(text[i+1:])
		n.exponent += exponent
		return n, ok && digits > 0
	}
	return n, digits > 0 && i == len(text)
}

// readExponent reads the digits behind an E; what no figure can have is as good as any other.
func readExponent(text string) (int, bool) {
	digits := text
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		digits = digits[1:]
	}
	if digits == "" || onlyDigits(digits) != digits {
		return 0, false
	}
	exponent, err := strconv.Atoi(text)
	if err != nil || exponent > math.MaxInt32 || exponent < -math.MaxInt32 {
		exponent = math.MaxInt32
	}
	return exponent, true
}

// unfitNumber judges a figure; empty text is none, and fit. One that cannot be negative by its
// meaning is not fit if it is.
func unfitNumber(text string, positive bool) (code, why string) {
	if text == "" {
		return "", ""
	}
	if len(text) > maxNumberText {
		return "out_of_range", "it is longer than any market figure"
	}
	n, ok := readNumeral(text)
	switch {
	case !ok:
		return "bad_number", "it is no decimal number"
	case n.exponent+max(n.length, 1) > MaxExponent || n.exponent < -MaxExponent:
		return "out_of_range", "it is larger or finer than any market figure"
	case positive && n.negative:
		return "negative_amount", "it cannot be negative"
	}
	return "", ""
}
