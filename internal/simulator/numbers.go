package simulator

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// raw is a JSON value already written down; the empty one is null. CoinGecko
// prints numbers as Ruby does, which encoding/json would not.
type raw string

// MarshalJSON writes the value as it stands.
func (r raw) MarshalJSON() ([]byte, error) {
	if r == "" {
		return []byte("null"), nil
	}
	return []byte(r), nil
}

// ruby prints v as CoinGecko does: always with a point, and with an exponent
// of two digits below 0.0001 and from 1e15 on.
func ruby(v float64) raw {
	size := math.Abs(v)
	if v != 0 && (size < 1e-4 || size >= 1e15) {
		text := strconv.FormatFloat(v, 'e', -1, 64)
		if !strings.Contains(text, ".") {
			text = strings.Replace(text, "e", ".0e", 1)
		}
		return raw(text)
	}
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return raw(text)
}

// money prints a price, volume or difference as CoinGecko does: whole from
// 20,000 on, fewer decimals the larger it is. Negative values are taken for
// small ones there, and keep twelve decimals.
func money(v float64) raw {
	switch {
	case v >= 20000:
		return raw(strconv.FormatFloat(v, 'f', 0, 64))
	case v >= 1.1:
		return ruby(round(v, 2))
	case v >= 1:
		return ruby(round(v, 3))
	case v >= 0.05:
		return ruby(round(v, 6))
	case v >= 1e-6:
		return ruby(round(v, 8))
	}
	return ruby(round(v, 12))
}

// percent prints a change as CoinGecko does.
func percent(v float64) raw { return ruby(round(v, 5)) }

// known prints v, or null for the 0 that stands for unknown in the table.
func known(v float64, print func(float64) raw) raw {
	if v == 0 {
		return ""
	}
	return print(v)
}

// millis is how CoinGecko writes times.
func millis(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// seconds is how CoinPaprika writes times.
func seconds(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func round(v float64, decimals int) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'f', decimals, 64), 64)
	if err != nil {
		return v // not finite; cannot be rounded
	}
	return rounded
}

// coarse is a percentage of two decimals that went through a 32-bit float on
// its way, as CoinPaprika's do.
func coarse(v float64) float64 { return float64(float32(round(v, 2))) }

// paprikaPrice keeps all digits, but no more than ten decimals of the
// smallest prices.
func paprikaPrice(v float64) float64 {
	if v < 1e-6 {
		return round(v, 10)
	}
	return v
}
