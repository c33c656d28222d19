package ingest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

func normalise(items ...source.Item) market.Batch {
	return ingest.Normalise("script", source.Page{Items: items, Next: "{}", FetchedAt: time.Now()})
}

func TestNumbersArriveExactly(t *testing.T) {
	for text, want := range map[string]string{
		"4.37e-06":                         "0.00000437",
		"1.01101101e+16":                   "10110110100000000",
		"2e-8":                             "0.00000002",
		"62.36000061035156":                "62.36000061035156",
		"0.123456789012345678901234567891": "0.123456789012345678901234567891",
		"1.47E+11":                         "147000000000",
		"20220":                            "20220",
		"134.0":                            "134",
		"0":                                "0",
	} {
		item := goodItem("bitcoin")
		item.Price, item.MaxSupply = text, text
		b := normalise(item)
		require.Empty(t, b.Rejections, text)
		require.Equal(t, want, b.Observations[0].PriceUSD.String())
		require.Equal(t, want, b.Observations[0].MaxSupply.Decimal.String())
	}
}

func TestWhatASourceDoesNotGiveIsNull(t *testing.T) {
	o := normalise(goodItem("bitcoin")).Observations[0]
	require.False(t, o.MarketCapUSD.Valid)
	require.False(t, o.OpenUSD.Valid)
	require.Nil(t, o.Rank)
	item := goodItem("bitcoin")
	item.Rank = "12"
	require.EqualValues(t, 12, *normalise(item).Observations[0].Rank)
}

func TestRejections(t *testing.T) {
	for name, c := range map[string]struct {
		spoil       func(*source.Item)
		code, field string
	}{
		"what the source found": {func(i *source.Item) { i.Problem = &market.Reason{Code: "wrong_type", Field: "quotes"} }, "wrong_type", "quotes"},
		"no external id":        {func(i *source.Item) { i.ExternalID = "" }, "missing_external_id", "external_id"},
		"endless name":          {func(i *source.Item) { i.Name = strings.Repeat("x", 513) }, "out_of_range", "name"},
		"no time":               {func(i *source.Item) { i.ObservedAt = time.Time{} }, "missing_time", "observed_at"},
		"time in 2999":          {func(i *source.Item) { i.ObservedAt = time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC) }, "future_time", "observed_at"},
		"time in 1901":          {func(i *source.Item) { i.ObservedAt = time.Date(1901, 1, 1, 0, 0, 0, 0, time.UTC) }, "bad_time", "observed_at"},
		"no price":              {func(i *source.Item) { i.Price = "" }, "missing_price", "price_usd"},
		"no number":             {func(i *source.Item) { i.Price = "n/a" }, "bad_number", "price_usd"},
		"not a number":          {func(i *source.Item) { i.Price = "NaN" }, "bad_number", "price_usd"},
		"negative price":        {func(i *source.Item) { i.Price = "-1" }, "negative_amount", "price_usd"},
		"huge exponent":         {func(i *source.Item) { i.Price = "1e400" }, "out_of_range", "price_usd"},
		"tiny exponent":         {func(i *source.Item) { i.Price = "1e-400" }, "out_of_range", "price_usd"},
		"endless number":        {func(i *source.Item) { i.Price = strings.Repeat("9", 300) }, "out_of_range", "price_usd"},
		"bad volume":            {func(i *source.Item) { i.Volume24h = "lots" }, "bad_number", "volume_24h_usd"},
		"half a rank":           {func(i *source.Item) { i.Rank = "1.5" }, "bad_number", "rank"},
		"rank beyond":           {func(i *source.Item) { i.Rank = "3000000000" }, "bad_number", "rank"},
		"invalid UTF-8":         {func(i *source.Item) { i.Payload = []byte("{\"a\":\"\xff\"}") }, "unstorable_payload", ""},
		"no JSON":               {func(i *source.Item) { i.Payload = []byte(`{"a":`) }, "unstorable_payload", ""},
		"NUL":                   {func(i *source.Item) { i.Payload = []byte(`{"a":"x\u0000"}`) }, "unstorable_payload", ""},
		"lone low surrogate":    {func(i *source.Item) { i.Payload = []byte(`{"a":"\udc00"}`) }, "unstorable_payload", ""},
		"lone high surrogate":   {func(i *source.Item) { i.Payload = []byte(`{"a":"\ud83dx"}`) }, "unstorable_payload", ""},
		"high twice":            {func(i *source.Item) { i.Payload = []byte(`{"a":"\ud83d\ud83d"}`) }, "unstorable_payload", ""},
		"expanding number":      {func(i *source.Item) { i.Payload = []byte(`{"a":1e100000}`) }, "unstorable_payload", ""},
		"expanding fraction":    {func(i *source.Item) { i.Payload = []byte(`{"a":0.1E-99999999999999999999}`) }, "unstorable_payload", ""},
	} {
		t.Run(name, func(t *testing.T) {
			item := goodItem("bitcoin")
			c.spoil(&item)
			b := normalise(goodItem("ethereum"), item)
			require.Len(t, b.Observations, 1)
			require.Len(t, b.Rejections, 1)
			require.Equal(t, c.code, b.Rejections[0].Reason.Code)
			require.Equal(t, c.field, b.Rejections[0].Reason.Field)
			require.Equal(t, item.Payload, b.Rejections[0].Payload)
		})
	}
}

func TestPayloadsThatCanBeStored(t *testing.T) {
	for _, payload := range []string{
		`{"a":"\ud83d\ude00"}`, `{"a":"\\u0000"}`, `{"a":"1e100000"}`, `{"a":1.5e-8,"b":true,"c":false,"d":[1E+16]}`,
		`{"e1":2e8,"true":"e999"}`, `{"a":"say \"1e999\" twice"}`,
	} {
		item := goodItem("bitcoin")
		item.Payload = []byte(payload)
		require.Empty(t, normalise(item).Rejections, payload)
	}
}

func TestTimesAndNamesAreTidied(t *testing.T) {
	item := goodItem("bitcoin")
	item.Symbol, item.Name = " btc ", " Bitcoin "
	item.ObservedAt = time.Date(2026, 1, 1, 1, 0, 0, 123456789, time.FixedZone("", 3600))
	o := normalise(item).Observations[0]
	require.Equal(t, "BTC", o.Symbol)
	require.Equal(t, "Bitcoin", o.Name)
	require.Equal(t, time.Date(2026, 1, 1, 0, 0, 0, 123456000, time.UTC), o.ObservedAt)
}
