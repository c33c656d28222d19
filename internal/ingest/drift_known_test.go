package ingest_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
)

func of(some, items int64) market.Frequency {
	return market.Frequency{Share: float64(some) / float64(items), Items: items}
}

// A pass is a run as it follows on others, each with what the ones before have left.
type pass struct {
	items []string
	part  bool // of the source was read, not the whole
	told  []string
}

func TestRunAfterRun(t *testing.T) {
	both := func(n, m int) []string { return append(times(n, `{"market_cap":1}`), times(m, `{"marketcap":1}`)...) }
	fresh, renamed := `NEW_PATH marketcap "" "number"`, `MISSING_PATH market_cap "number" "" -> marketcap`
	number, text := times(1000, `{"a":1}`), times(250, `{"a":"x"}`)
	toText, toNumber := `TYPE_CHANGED a "number" "string"`, `TYPE_CHANGED a "string" "number"`
	for name, runs := range map[string][]pass{
		"another name in the middle of a run": {{items: both(1000, 0)}, {both(500, 500), false, []string{fresh}}, {both(0, 1000), false, []string{renamed}}},
		"in the middle of runs that end there": {
			{items: both(1000, 0)}, {both(500, 250), true, []string{fresh}}, {both(0, 250), true, []string{renamed}}, {items: both(0, 250), part: true},
		},
		"and again": {
			{items: both(1000, 0)}, {both(500, 250), true, []string{fresh}}, {both(0, 250), true, []string{renamed}},
			{times(250, `{"market_caps":1}`), true, []string{`NEW_PATH market_caps "" "number"`, `MISSING_PATH marketcap "number" "" -> market_caps`}},
		},
		"two names for long": {
			{items: both(1000, 0)}, {both(500, 500), false, []string{fresh}}, {items: both(500, 500)},
			{both(0, 1000), false, []string{`MISSING_PATH market_cap "number" ""`}},
		},
		"two names from the first": {{items: both(500, 500)}, {both(0, 500), false, []string{`MISSING_PATH market_cap "number" ""`}}},
		"one new name for one old": {
			{items: append(both(500, 0), times(500, `{"market__cap":1}`)...)},
			{append(both(500, 500), times(10, `{"market__cap":1}`)...), false, []string{fresh}},
			{both(0, 250), false, []string{renamed}}, {both(0, 5000), false, []string{`MISSING_PATH market__cap "number" ""`}},
		},
		"another type, and back, and again": {{items: number}, {text, false, []string{toText}}, {number, false, []string{toNumber}}, {text, false, []string{toText}}},
		"in runs that end there":            {{items: number}, {text, true, []string{toText}}, {text[:30], true, nil}, {number[:250], true, []string{toNumber}}},
		"in the middle of a run that ends there": {
			{items: number}, {append(number[:500:500], text...), true, []string{`TYPE_CHANGED a "number" "number|string"`}},
			{items: text, part: true}, {number[:500], true, []string{toNumber}},
		},
		"too few to forget a type": {{items: number}, {text[:24], false, []string{toText}}, {items: number}},
		"a rare type":              {{items: append(number[:999:999], text[0])}, {items: number}, {items: number}, {items: append(number[:999:999], text[0])}},
		"a type of the tail":       {{items: append(number[:500:500], text...)}, {items: number, part: true}, {items: text, part: true}},
		"null is no type":          {{items: append(number[:500:500], `{"a":null}`)}, {items: number}, {items: times(1000, `{"a":null}`)}, {items: number}},
	} {
		t.Run(name, func(t *testing.T) {
			var known []market.PathShape
			for i, r := range runs {
				j := census(r.items...).Judge(runOf(int64(i+1)), known, !r.part)
				require.Equal(t, r.told, told(t, j), i)
				known = stored(known, j)
			}
		})
	}
}

func TestWhatIsKnownAfterwards(t *testing.T) {
	known := []market.PathShape{
		{Path: "a", Frequency: of(9, 10), Types: map[string]market.Frequency{"null": {}, "number": of(8, 8)}, LastRunID: 1},
		{Path: "rare", Frequency: of(1, 10), Types: map[string]market.Frequency{"number": of(1, 1)}, FirstRunID: 1, LastRunID: 1},
		{Part: "history", Path: "a", Frequency: of(1, 1), Types: map[string]market.Frequency{"number": of(1, 1)}, LastRunID: 1},
	}
	now := []string{`{"a":"x","b":1}`, `{"a":null}`, `{}`}
	a := market.PathShape{
		Path: "a", Frequency: of(2, 3), LastRunID: 2,
		Types: map[string]market.Frequency{"null": {}, "number": of(8, 8), "string": of(1, 1)},
	}
	b := market.PathShape{
		Path: "b", Frequency: of(1, 3), Types: map[string]market.Frequency{"number": of(1, 1)}, FirstRunID: 2, LastRunID: 2,
	}
	j := census(now...).Judge(runOf(2), known, true)
	require.Equal(t, []market.PathShape{a, b}, j.Shape)
	require.Empty(t, j.Gone)

	a.Frequency = of(9, 10)
	require.Equal(t, []market.PathShape{a, b}, census(now...).Judge(runOf(2), known, false).Shape, "a part of the list")
	a.Frequency = of(2, 3)
	history := market.Run{ID: 2, Source: "coingecko", Stream: "a stretch"}
	require.Equal(t, []market.PathShape{a, b}, census(now...).Judge(history, known, false).Shape, "history has no whole")
	require.Equal(t, ingest.Judgement{}, new(ingest.Census).Judge(runOf(2), known, true))
}

// A run that did not see all makes nothing less sure.
func TestAPartOfASourceLetsNothingSink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := census(payloads(t, "before")...).Judge(runOf(1), nil, true).Shape
		sure := func(f market.Frequency) float64 { return f.Share * float64(f.Items) / float64(f.Items+1) }
		for _, now := range census(payloads(t, "now")...).Judge(runOf(2), known, false).Shape {
			i := slices.IndexFunc(known, func(k market.PathShape) bool { return k.Path == now.Path })
			if i < 0 {
				continue
			}
			require.GreaterOrEqual(t, sure(now.Frequency), sure(known[i].Frequency))
			for name, f := range known[i].Types {
				require.Contains(t, now.Types, name)
				require.GreaterOrEqual(t, sure(now.Types[name]), sure(f))
			}
		}
	})
}

func TestNullIsNeverForgotten(t *testing.T) {
	known := []market.PathShape{{Path: "a", Frequency: of(1, 1), Types: map[string]market.Frequency{"null": of(1000, 1000)}}}
	require.Contains(t, census(times(1000, `{"a":1}`)...).Judge(runOf(2), known, true).Shape[0].Types, "null")
}
