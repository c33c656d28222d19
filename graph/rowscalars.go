package graph

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/shopspring/decimal"

	"github.com/kasparro/kasparro/graph/scalar"
)

// What follows appends values as their scalars write them.

const null = "null"

// quote appends a text as JSON, as the executor's strings are.
func quote(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == '"' || s[i] == '\\' {
			var escaped bytes.Buffer
			graphql.MarshalString(s).MarshalGQL(&escaped)
			return append(b, escaped.Bytes()...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// encoded appends JSON as its scalar does.
func encoded(b []byte, payload json.RawMessage) []byte {
	if json.Valid(payload) {
		return append(b, payload...)
	}
	var other bytes.Buffer
	scalar.MarshalJSON(payload).MarshalGQL(&other)
	return append(b, other.Bytes()...)
}

func whole(b []byte, n *int32) []byte {
	if n == nil {
		return append(b, null...)
	}
	return strconv.AppendInt(b, int64(*n), 10)
}

func exactOrNull(b []byte, d decimal.NullDecimal) []byte {
	if !d.Valid {
		return append(b, null...)
	}
	return scalar.AppendDecimal(b, d.Decimal)
}
