package ingest

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// unstorable says why jsonb could not hold a payload as it came, or nil. It refuses NUL and lone
// surrogates, and expands numbers: one with a huge exponent would take its size in bytes.
func unstorable(payload []byte) *market.Reason {
	bad := func(detail string) *market.Reason {
		return &market.Reason{Code: "unstorable_payload", Detail: detail}
	}
	switch {
	case !utf8.Valid(payload):
		return bad("it is not valid UTF-8")
	case !json.Valid(payload):
		return bad("it is not valid JSON")
	}
	for i := 0; i < len(payload); i++ {
		switch payload[i] {
		case '"':
			end, detail := checkString(payload, i+1)
			if detail != "" {
				return bad(detail)
			}
			i = end
		case 'e', 'E':
			if exponent, is := readExponent(payload, i); is && (exponent > source.MaxExponent || exponent < -source.MaxExponent) {
				return bad("a number in it has an exponent beyond any market figure")
			}
		}
	}
	return nil
}

// checkString walks a string that begins at i and returns the index of its closing quote.
func checkString(payload []byte, i int) (end int, detail string) {
	for payload[i] != '"' {
		if payload[i] != '\\' {
			i++
			continue
		}
		if payload[i+1] != 'u' {
			i += 2
			continue
		}
		unit := hex4(payload[i+2:])
		i += 6
		switch {
		case unit == 0:
			return i, `it holds \u0000`
		case unit >= 0xDC00 && unit < 0xE000:
			return i, "it holds a lone surrogate"
		case unit >= 0xD800 && unit < 0xDC00:
			if !bytes.HasPrefix(payload[i:], []byte(`\u`)) {
				return i, "it holds a lone surrogate"
			}
			if low := hex4(payload[i+2:]); low < 0xDC00 || low >= 0xE000 {
				return i, "it holds a lone surrogate"
			}
			i += 6
		}
	}
	return i, ""
}

// hex4 reads the four digits of an escape; the JSON is known to be valid.
func hex4(b []byte) uint64 {
	unit, _ := strconv.ParseUint(string(b[:4]), 16, 32)
	return unit
}

// readExponent reads the exponent whose E stands at i, outside any string. The e of true and false
// stands where no digit comes before it.
func readExponent(payload []byte, i int) (int, bool) {
	if i == 0 || payload[i-1] != '.' && (payload[i-1] < '0' || payload[i-1] > '9') {
		return 0, false
	}
	end := i + 1
	for end < len(payload) && (payload[end] == '+' || payload[end] == '-' || payload[end] >= '0' && payload[end] <= '9') {
		end++
	}
	exponent, err := strconv.Atoi(string(payload[i+1 : end]))
	if err != nil { // more digits than an int holds
		return source.MaxExponent + 1, true
	}
	return exponent, true
}
