package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/ingest"
)

// judge judges payloads by the shape of others, and tells the drifts in lines.
func judge(t *testing.T, before, now []string, whole bool) (drifts, gone []string) {
	t.Helper()
	j := census(now...).Judge(runOf(2), census(before...).Judge(runOf(1), nil, true).Shape, whole)
	for _, g := range j.Gone {
		gone = append(gone, g.Path)
	}
	return told(t, j), gone
}

// told is what a run tells, in lines.
func told(t *testing.T, j ingest.Judgement) (drifts []string) {
	t.Helper()
	for _, d := range j.Drifts {
		require.Equal(t, "coingecko", d.Source)
		line := fmt.Sprintf("%s %s %q %q", d.Kind, d.Path, d.Expected, d.Seen)
		if d.RenameCandidate != "" {
			require.Positive(t, d.Confidence)
			require.LessOrEqual(t, d.Confidence, 1.0)
			line += " -> " + d.RenameCandidate
		}
		drifts = append(drifts, line)
	}
	return drifts
}

func times(n int, payload string) []string {
	many := make([]string, n)
	for i := range many {
		many[i] = payload
	}
	return many
}

func TestDrifts(t *testing.T) {
	half := append(times(50, `{"a":1,"b":1}`), times(50, `{"a":1}`)...)
	dictionary := func(n int) string {
		keys := make([]string, n)
		for i := range keys {
			keys[i] = fmt.Sprintf(`"id%d":1`, i)
		}
		return `{"p":{` + strings.Join(keys, ",") + `}}`
	}
	for name, c := range map[string]struct {
		before, now  []string
		part         bool // of the source was read, not the whole
		drifts, gone []string
	}{
		"a baseline":        {nil, []string{`{"a":1}`}, false, nil, nil},
		"the same":          {half, half, false, nil, nil},
		"a new path":        {[]string{`{"a":1}`}, []string{`{"a":1,"b":"x"}`, `{"b":null}`}, false, []string{`NEW_PATH b "" "null|string"`}, nil},
		"a new object":      {[]string{`{"a":{}}`}, []string{`{"a":{"b":{"c":[1]}}}`}, false, []string{`NEW_PATH a.b "" "object"`}, nil},
		"a new type":        {[]string{`{"a":1}`, `{"a":null}`}, []string{`{"a":"1"}`, `{"a":2}`}, false, []string{`TYPE_CHANGED a "null|number" "number|string"`}, nil},
		"a fewer type":      {[]string{`{"a":1}`, `{"a":"x"}`}, []string{`{"a":1}`}, false, nil, nil},
		"a mere null":       {[]string{`{"a":1}`}, []string{`{"a":null}`}, false, nil, nil},
		"a first type":      {[]string{`{"a":null}`}, []string{`{"a":1}`}, false, nil, nil},
		"a first object":    {[]string{`{"a":null}`}, []string{`{"a":{"b":1}}`}, false, nil, nil},
		"an object instead": {[]string{`{"a":1}`}, []string{`{"a":{"b":1}}`}, false, []string{`TYPE_CHANGED a "number" "object"`}, nil},
		"a number instead of an object": {
			times(12, `{"q":{"p":1}}`), times(12, `{"q":1}`), true, []string{`TYPE_CHANGED q "object" "number"`}, []string{"q.p"},
		},
		"of no object any more":  {times(12, `{"q":{"p":1}}`), times(12, `{"q":null}`), true, []string{`MISSING_PATH q.p "number" ""`}, []string{"q.p"}},
		"of one item":            {[]string{`{"a":1,"z":1}`}, times(300, `{"a":1}`), true, nil, nil},
		"of two items":           {times(2, `{"a":1,"z":1}`), times(100, `{"a":1}`), true, nil, nil},
		"first elements":         {[]string{`{"a":[]}`}, []string{`{"a":[1]}`}, false, []string{`NEW_PATH a[] "" "number"`}, nil},
		"a missing path":         {times(12, `{"a":1,"z":null}`), times(12, `{"a":1}`), true, []string{`MISSING_PATH z "null" ""`}, []string{"z"}},
		"too few to say":         {times(900, `{"a":1,"z":1}`), times(2, `{"a":1}`), false, nil, nil},
		"missing from the tail":  {half, times(100, `{"a":1}`), true, nil, nil},
		"missing from the whole": {half, times(23, `{"a":1}`), false, []string{`MISSING_PATH b "number" ""`}, []string{"b"}},
		"half, and few items":    {half, times(22, `{"a":1}`), false, nil, nil},
		"missing with what is below": {
			times(12, `{"a":1,"q":{"USD":{"p":1},"l":[[1]]}}`), times(12, `{"a":1}`), true,
			[]string{`MISSING_PATH q "object" ""`}, []string{"q", "q.USD", "q.USD.p", "q.l", "q.l[]", "q.l[][]"},
		},
		"missing within":         {times(12, `{"q":{"p":1,"v":1}}`), times(12, `{"q":{"v":1}}`), true, []string{`MISSING_PATH q.p "number" ""`}, []string{"q.p"}},
		"names alike, one below": {times(12, `{"a":{"b":1},"ab":1}`), times(12, `{"ab":1}`), true, []string{`MISSING_PATH a "object" ""`}, []string{"a", "a.b"}},
		"a dictionary at last": {
			[]string{dictionary(2)}, times(9, dictionary(300)), false, []string{`NEW_PATH p.* "" "number"`}, []string{"p.id0", "p.id1"},
		},
		"a dictionary still": {times(9, dictionary(300)), times(9, dictionary(2)), false, nil, nil},
		"a dictionary of something else": {
			times(9, dictionary(300)), times(9, `{"p":{"id1":"x"}}`), false, []string{`TYPE_CHANGED p.* "number" "string"`}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			drifts, gone := judge(t, c.before, c.now, !c.part)
			require.Equal(t, c.drifts, drifts)
			require.Equal(t, c.gone, gone)
		})
	}
}

func TestRenames(t *testing.T) {
	for name, c := range map[string]struct {
		before, now string
		drifts      []string
	}{
		"a field": {
			`{"id":"x","current_price":1}`, `{"id":"x","currentPrice":1}`,
			[]string{`NEW_PATH currentPrice "" "number"`, `MISSING_PATH current_price "number" "" -> currentPrice`},
		},
		"with all below": {
			`{"market_data":{"p":1,"v":2}}`, `{"marketData":{"p":1,"v":2}}`,
			[]string{`NEW_PATH marketData "" "object"`, `MISSING_PATH market_data "object" "" -> marketData`},
		},
		"within": {
			`{"q":{"USD":{"market_cap":1}}}`, `{"q":{"USD":{"MarketCap":1}}}`,
			[]string{`NEW_PATH q.USD.MarketCap "" "number"`, `MISSING_PATH q.USD.market_cap "number" "" -> q.USD.MarketCap`},
		},
		"no type in common": {
			`{"current_price":1}`, `{"currentPrice":"1"}`,
			[]string{`NEW_PATH currentPrice "" "string"`, `MISSING_PATH current_price "number" ""`},
		},
		"elsewhere": {
			`{"q":{"current_price":1}}`, `{"q":{},"currentPrice":1}`,
			[]string{`NEW_PATH currentPrice "" "number"`, `MISSING_PATH q.current_price "number" ""`},
		},
		"nothing like it": {
			`{"current_price":1}`, `{"zzz":1}`, []string{`MISSING_PATH current_price "number" ""`, `NEW_PATH zzz "" "number"`},
		},
		"one for each": {
			`{"high_24h":1,"low_24h":1}`, `{"high24h":1,"low24h":1}`,
			[]string{
				`NEW_PATH high24h "" "number"`, `MISSING_PATH high_24h "number" "" -> high24h`,
				`NEW_PATH low24h "" "number"`, `MISSING_PATH low_24h "number" "" -> low24h`,
			},
		},
		"one for two": {
			`{"total_volume":1,"total_volumes":1}`, `{"totalVolume":1}`,
			[]string{
				`NEW_PATH totalVolume "" "number"`, `MISSING_PATH total_volume "number" "" -> totalVolume`, `MISSING_PATH total_volumes "number" ""`,
			},
		},
		"quoted": {
			`{"row":{"Vol.":"1"}}`, `{"row":{"vol.":"1"}}`,
			[]string{`MISSING_PATH row["Vol."] "string" "" -> row["vol."]`, `NEW_PATH row["vol."] "" "string"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			drifts, _ := judge(t, times(12, c.before), times(12, c.now), true)
			require.ElementsMatch(t, c.drifts, drifts)
		})
	}
}
