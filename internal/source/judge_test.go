package source_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

var fetched = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func fit() source.Item {
	return source.Item{ExternalID: "bitcoin", ObservedAt: fetched, Amounts: source.Amounts{Price: "1"}}
}

func TestUnfit(t *testing.T) {
	for name, c := range map[string]struct {
		spoil       func(*source.Item)
		code, field string
	}{
		"what the source found": {func(i *source.Item) { i.Problem = &market.Reason{Code: "x", Field: "y"} }, "x", "y"},
		"no external id":        {func(i *source.Item) { i.ExternalID = "" }, "missing_external_id", "external_id"},
		"endless symbol":        {func(i *source.Item) { i.Symbol = strings.Repeat("x", 513) }, "out_of_range", "symbol"},
		"no time":               {func(i *source.Item) { i.ObservedAt = time.Time{} }, "missing_time", "observed_at"},
		"future":                {func(i *source.Item) { i.ObservedAt = fetched.Add(24*time.Hour + 1) }, "future_time", "observed_at"},
		"before 1970":           {func(i *source.Item) { i.ObservedAt = time.Unix(-1, 0) }, "bad_time", "observed_at"},
		"no price":              {func(i *source.Item) { i.Price = "" }, "missing_price", "price_usd"},
		"negative":              {func(i *source.Item) { i.MaxSupply = "-0.5" }, "negative_amount", "max_supply"},
		"no number":             {func(i *source.Item) { i.Volume24h = "1,5" }, "bad_number", "volume_24h_usd"},
		"huge":                  {func(i *source.Item) { i.High = "1e128" }, "out_of_range", "high_usd"},
		"fine":                  {func(i *source.Item) { i.PercentChange1h = "1e-129" }, "out_of_range", "percent_change_1h"},
		"half a rank":           {func(i *source.Item) { i.Rank = "1.5" }, "bad_number", "rank"},
		"rank beyond":           {func(i *source.Item) { i.Rank = "2147483648" }, "bad_number", "rank"},
	} {
		t.Run(name, func(t *testing.T) {
			item := fit()
			require.Nil(t, item.Unfit(fetched))
			c.spoil(&item)
			reason := item.Unfit(fetched)
			require.NotNil(t, reason)
			require.Equal(t, c.code, reason.Code)
			require.Equal(t, c.field, reason.Field)
		})
	}
}

func TestFitAtTheLimits(t *testing.T) {
	item := fit()
	item.ObservedAt, item.Name = fetched.Add(24*time.Hour), strings.Repeat("x", 512)
	item.Amounts = source.Amounts{Price: "0", High: "1e127", Low: "1e-128", Open: "-0.0", PercentChange1h: "-5", Rank: "2147483647"}
	require.Nil(t, item.Unfit(fetched))
	item.Rank = "1.50e2"
	require.Nil(t, item.Unfit(fetched))
}

// What is fit must be readable by the decimal type, at its size, and nothing else may be.
func TestNumbersAreJudgedAsTheDecimalTypeReadsThem(t *testing.T) {
	number := rapid.StringMatching(`[+-]?[0-9]{0,12}\.?[0-9]{0,12}([eE][+-]?[0-9]{0,4})?`)
	long := rapid.StringMatching(`-?0{0,3}[0-9]{100,140}(\.[0-9]{0,140})?`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(number, long, rapid.StringMatching(`[-+.eE0-9 x]{1,6}`)).Draw(t, "text")
		if text == "" || len(text) > 256 {
			return
		}
		item := fit()
		item.Price = text
		code := ""
		if reason := item.Unfit(fetched); reason != nil {
			code = reason.Code
		}
		if want := judgedByDecimal(text); code != want {
			t.Fatalf("%q: %q, and by the decimal type %q", text, code, want)
		}
	})
}

func judgedByDecimal(text string) string {
	d, err := decimal.NewFromString(text)
	switch {
	case err != nil:
		return "bad_number"
	case int64(d.Exponent())+int64(d.NumDigits()) > source.MaxExponent || d.Exponent() < -source.MaxExponent:
		return "out_of_range"
	case d.IsNegative():
		return "negative_amount"
	}
	return ""
}
