package rest_test

import (
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

// Figures of any length are written out, without exponents and zeros that say nothing.
func TestFiguresAreCanonical(t *testing.T) {
	store := newStore(t)
	want := map[string]string{
		"1e-30": "0." + strings.Repeat("0", 29) + "1", "1e30": "1" + strings.Repeat("0", 30), "1.50": "1.5", "100": "100", "2e3": "2000",
		"1." + strings.Repeat("1", 100): "1." + strings.Repeat("1", 100), strings.Repeat("9", 100): strings.Repeat("9", 100),
	}
	for text := range want {
		o := observe("coin "+text, noon, text)
		o.PercentChange24h, o.Volume24hUSD = decimal.NewNullDecimal(decimal.RequireFromString("-"+text)), decimal.NewNullDecimal(decimal.RequireFromString("0.000"))
		ingest(t, store, "coingecko", succeeded, o)
	}
	body := ok[struct{ Data []map[string]json.RawMessage }](t, get(t, service(store, io.Discard), "/data?limit=100"))
	require.Len(t, body.Data, len(want))
	for _, row := range body.Data {
		var id string
		require.NoError(t, json.Unmarshal(row["external_id"], &id))
		figure := want[strings.TrimPrefix(id, "coin ")]
		require.NotEmpty(t, figure, id)
		require.Equal(t, figure, string(row["value"]))
		require.Equal(t, `"`+figure+`"`, string(row["price_usd"]))
		require.Equal(t, `"-`+figure+`"`, string(row["percent_change_24h"]))
		require.Equal(t, `"0"`, string(row["volume_24h_usd"]))
	}
}

// A wrong parameter is named with the beginning of what was given.
func TestProblemsQuoteTheBeginning(t *testing.T) {
	h := service(newStore(t), io.Discard)
	long := url.QueryEscape(strings.Repeat("ä", 3000))
	for _, target := range []string{
		"/data?source=" + long, "/data?cursor=" + long, "/data?from=" + long, "/data?limit=" + long, "/data?page=" + long, "/runs?source=" + long,
		"/compare-runs?run1=" + long + "&run2=" + long, "/data?" + long + "=1",
	} {
		a := get(t, h, target)
		require.Less(t, len(strings.ReplaceAll(string(a.body), long, "")), 1500, "%.40s: %s", target, a.body)
	}
}
