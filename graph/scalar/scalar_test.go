package scalar_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/graph/scalar"
	"github.com/kasparro/kasparro/internal/market"
)

func written(m graphql.Marshaler) string {
	var text bytes.Buffer
	m.MarshalGQL(&text)
	return text.String()
}

func TestDecimalsAreExactAndPlain(t *testing.T) {
	for given, want := range map[string]string{
		"1.50": "1.5", "4.37e-06": "0.00000437", "1.01101101e+16": "10110110100000000", "0": "0", "-0.0": "0", "2e3": "2000",
		"0.123456789012345678901234567890": "0.12345678901234567890123456789", "-7": "-7",
	} {
		require.Equal(t, `"`+want+`"`, written(scalar.MarshalDecimal(decimal.RequireFromString(given))))
		for _, input := range []any{given, json.Number(given)} {
			read, err := scalar.UnmarshalDecimal(input)
			require.NoError(t, err)
			require.Equal(t, `"`+want+`"`, written(scalar.MarshalNullDecimal(decimal.NewNullDecimal(read))))
		}
	}
	for _, input := range []any{"", "x", "1e101", "1e-101", "1e999999999", "1,5", "NaN", nil, true, string(make([]byte, 200))} {
		_, err := scalar.UnmarshalDecimal(input)
		require.ErrorAs(t, err, new(*market.InputError))
	}
	require.Equal(t, "null", written(scalar.MarshalNullDecimal(decimal.NullDecimal{})))
	none, err := scalar.UnmarshalNullDecimal(nil)
	require.NoError(t, err)
	require.False(t, none.Valid)
	some, err := scalar.UnmarshalNullDecimal(int64(5))
	require.NoError(t, err)
	require.Equal(t, "5", some.Decimal.String())
}

// A Decimal that is read is the number that was written, in its one form, as text and as a number.
func TestDecimalsAreReadAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.StringMatching(`-?(0|[1-9]\d{0,30})(\.\d{1,40})?([eE][+-]?[0-4]?\d)?`).Draw(t, "decimal")
		want := decimal.RequireFromString(given)
		for _, input := range []any{given, json.Number(given)} {
			read, err := scalar.UnmarshalDecimal(input)
			require.NoError(t, err)
			require.True(t, want.Equal(read), given)
			amount, err := scalar.UnmarshalAmount(input)
			require.NoError(t, err)
			for _, text := range []string{written(scalar.MarshalDecimal(read)), written(scalar.MarshalAmount(amount))} {
				require.Regexp(t, `^"(0|-?(0|[1-9]\d*)\.\d*[1-9]|-?[1-9]\d*)"$`, text, given)
				require.True(t, want.Equal(decimal.RequireFromString(strings.Trim(text, `"`))), given)
			}
		}
	})
}

func TestDateTimesAreRFC3339InUTC(t *testing.T) {
	for given, want := range map[string]string{
		"2026-01-31T12:00:00Z": "2026-01-31T12:00:00Z", "2026-01-31T14:30:00.5+02:30": "2026-01-31T12:00:00.5Z",
		"0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z": "9999-12-31T23:59:59.999999Z",
	} {
		read, err := scalar.UnmarshalDateTime(given)
		require.NoError(t, err)
		require.Equal(t, time.UTC, read.Location())
		require.Equal(t, `"`+want+`"`, written(scalar.MarshalDateTime(read)))
	}
	for _, input := range []any{
		"", "now", "2026-01-31", "2026-01-31 12:00:00Z", "2026-01-31T12:00:00", "2026-02-30T00:00:00Z", "0000-06-01T00:00:00Z",
		"9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", int64(1769860800), nil,
	} {
		_, err := scalar.UnmarshalDateTime(input)
		require.ErrorAs(t, err, new(*market.InputError), "%v", input)
	}
}

func TestJSONPassesThrough(t *testing.T) {
	const text = `{"b": 1.0, "a": 1e400, "a": "ü"}`
	require.Equal(t, text, written(scalar.MarshalJSON(json.RawMessage(text))))
	require.Equal(t, "null", written(scalar.MarshalJSON(nil)))
	require.Equal(t, `"{\"cut"`, written(scalar.MarshalJSON(json.RawMessage(`{"cut`))))
	read, err := scalar.UnmarshalJSON(map[string]any{"n": json.Number("1.50")})
	require.NoError(t, err)
	require.Equal(t, `{"n":1.50}`, string(read))
}

func TestInputsAreHeldToTheSpecification(t *testing.T) {
	n, err := scalar.UnmarshalInt(json.Number("-2147483648"))
	require.NoError(t, err)
	require.EqualValues(t, -2147483648, n)
	for _, input := range []any{"5", int64(2147483648), json.Number("1e3"), 1.5, true, nil} {
		_, err := scalar.UnmarshalInt(input)
		require.ErrorAs(t, err, new(*market.InputError), "%v", input)
	}
	for given, want := range map[any]float64{json.Number("0.25"): 0.25, json.Number("-1e3"): -1000, int64(1): 1, 0.5: 0.5, nil: 0} {
		f, err := scalar.UnmarshalFloat(t.Context(), given)
		require.NoError(t, err)
		require.InDelta(t, want, f, 0)
	}
	for _, input := range []any{"0.5", "NaN", json.Number("1e999"), true, []any{}} {
		_, err := scalar.UnmarshalFloat(t.Context(), input)
		require.ErrorAs(t, err, new(*market.InputError), "%v", input)
	}
	for _, order := range []market.AssetOrder{
		market.AssetsByRank, market.AssetsByName, market.AssetsByPrice, market.AssetsByMarketCap,
		market.AssetsByGain, market.AssetsByLoss, market.AssetsBySpread,
	} {
		read, err := scalar.UnmarshalAssetOrder(string(order))
		require.NoError(t, err)
		require.Equal(t, order, read)
	}
	for _, input := range []any{"a\x00b", "\xff", []any{}, strings.Repeat("a", 4097)} {
		_, err := scalar.UnmarshalString(input)
		require.ErrorAs(t, err, new(*market.InputError), "%v", input)
	}
	for _, input := range []any{"failed", "", 1} {
		_, err := scalar.UnmarshalRunStatus(input)
		require.ErrorAs(t, err, new(*market.InputError), "%v", input)
	}
	trigger, err := scalar.UnmarshalRunTrigger("STARTUP")
	require.NoError(t, err)
	require.Equal(t, market.TriggerStartup, trigger)
}
