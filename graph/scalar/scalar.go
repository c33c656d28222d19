// Package scalar reads and writes the custom scalars of the GraphQL schema. What cannot be read is
// a *market.InputError.
package scalar

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/shopspring/decimal"

	"github.com/kasparro/kasparro/internal/market"
)

// MaxText is how many bytes a String or an ID may have as input: no name, id or cursor has as many.
const MaxText = 4096

// Bounds of a Decimal as input, the characters of its text and its exponent either way: beyond them its plain digits
// would fill the memory.
const (
	MaxDecimalText     = 100
	maxDecimalExponent = 100
)

// Sent is a value as it was sent: a text as it is, anything else as JSON.
func Sent(v any) string {
	if text, is := v.(string); is {
		return text
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}

// MarshalString writes a String or an ID.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString reads a String or an ID. A zero byte and bytes that are no UTF-8 are refused:
// no text that the database holds has them. So is what is longer than MaxText.
func UnmarshalString(v any) (string, error) {
	s, err := graphql.UnmarshalString(v)
	if err != nil {
		return "", &market.InputError{Field: "String", Given: Sent(v), Allowed: "text"}
	}
	if len(s) > MaxText {
		return "", &market.LimitError{
			Met: len(s), Limit: MaxText,
			Err: &market.InputError{Field: "String", Given: s, Allowed: fmt.Sprintf("at most %d bytes", MaxText)},
		}
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return "", &market.InputError{Field: "String", Given: s, Allowed: "UTF-8 text without zero bytes"}
	}
	return s, nil
}

// MarshalDateTime writes an instant as RFC 3339 in UTC, with as many decimals as it has.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(AppendDateTime(make([]byte, 0, 32), t)) })
}

// AppendDateTime appends what MarshalDateTime writes.
func AppendDateTime(b []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(b, `"`+time.RFC3339Nano+`"`)
}

// UnmarshalDateTime reads RFC 3339 with any offset, in the years 1 to 9999, and returns it in UTC.
func UnmarshalDateTime(v any) (time.Time, error) {
	text, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, text)
	if t = t.UTC(); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, &market.InputError{
			Field: "DateTime", Given: Sent(v), Allowed: "RFC 3339, such as 2026-01-31T12:00:00Z",
		}
	}
	return t, nil
}

// MarshalDecimal writes the exact number as a string, without exponent and trailing zeros.
func MarshalDecimal(d decimal.Decimal) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(AppendDecimal(nil, d)) })
}

// AppendDecimal appends what MarshalDecimal writes.
func AppendDecimal(b []byte, d decimal.Decimal) []byte {
	return append(append(append(b, '"'), d.String()...), '"')
}

// UnmarshalDecimal reads a string or a number, as it was written.
func UnmarshalDecimal(v any) (decimal.Decimal, error) {
	text := Sent(v)
	bad := &market.InputError{
		Field: "Decimal", Given: text,
		Allowed: fmt.Sprintf(`a number such as "0.1", of at most %d characters`, MaxDecimalText),
	}
	if len(text) > MaxDecimalText {
		return decimal.Decimal{}, &market.LimitError{Met: len(text), Limit: MaxDecimalText, Err: bad}
	}
	d, err := decimal.NewFromString(text)
	if err != nil || d.Exponent() > maxDecimalExponent || d.Exponent() < -maxDecimalExponent {
		return decimal.Decimal{}, bad
	}
	return d, nil
}

// MarshalNullDecimal writes a Decimal, or null where there is none.
func MarshalNullDecimal(d decimal.NullDecimal) graphql.Marshaler {
	if !d.Valid {
		return graphql.Null
	}
	return MarshalDecimal(d.Decimal)
}

// UnmarshalNullDecimal reads a Decimal, or null.
func UnmarshalNullDecimal(v any) (decimal.NullDecimal, error) {
	if v == nil {
		return decimal.NullDecimal{}, nil
	}
	d, err := UnmarshalDecimal(v)
	return decimal.NullDecimal{Decimal: d, Valid: err == nil}, err
}

// MarshalAmount writes a Decimal that is text already, or null where there is none.
func MarshalAmount(a market.Amount) graphql.Marshaler {
	if !a.Valid() {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(AppendAmount(nil, a)) })
}

// AppendAmount appends what MarshalAmount writes.
func AppendAmount(b []byte, a market.Amount) []byte {
	if !a.Valid() {
		return append(b, "null"...)
	}
	return append(append(append(b, '"'), a...), '"')
}

// UnmarshalAmount reads a Decimal, or null.
func UnmarshalAmount(v any) (market.Amount, error) {
	d, err := UnmarshalNullDecimal(v)
	if err != nil || !d.Valid {
		return "", err
	}
	return market.NewAmount(d.Decimal.String()), nil
}

// MarshalJSON writes the text as it is, or null where there is none. Text that is no JSON, which
// would break the whole answer, is written as a string.
func MarshalJSON(raw json.RawMessage) graphql.Marshaler {
	if len(raw) == 0 {
		return graphql.Null
	}
	if !json.Valid(raw) {
		return graphql.MarshalString(string(raw))
	}
	return graphql.WriterFunc(func(w io.Writer) { _, _ = w.Write(raw) })
}

// UnmarshalJSON reads any value.
func UnmarshalJSON(v any) (json.RawMessage, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, &market.InputError{Field: "JSON", Given: Sent(v), Allowed: "a JSON value"}
	}
	return raw, nil
}
