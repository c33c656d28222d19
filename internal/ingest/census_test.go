package ingest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
)

func census(payloads ...string) *ingest.Census {
	var c ingest.Census
	for _, p := range payloads {
		c.Add("", []byte(p))
	}
	return &c
}

func runOf(id int64) market.Run { return market.Run{ID: id, Source: "coingecko"} }

// shapeOf is what a census of payloads knows, in lines: "quotes.USD number 0.5".
func shapeOf(payloads ...string) []string {
	var lines []string
	for _, s := range census(payloads...).Judge(runOf(1), nil, true).Shape {
		lines = append(lines, fmt.Sprintf("%s %s %.4g", s.Path, strings.Join(slices.Sorted(maps.Keys(s.Types)), "|"), s.Share))
	}
	return lines
}

func TestWhatACensusCounts(t *testing.T) {
	for name, c := range map[string]struct {
		payloads []string
		want     []string
	}{
		"nothing": {nil, nil},
		"every type": {
			[]string{`{"a":null,"b":true,"c":false,"d":-1.5e+3,"e":"x","f":[],"g":{}}`},
			[]string{"a null 1", "b bool 1", "c bool 1", "d number 1", "e string 1", "f array 1", "g object 1"},
		},
		"types of several items": {
			[]string{`{"a":"x"}`, `{"a":null}`, `{"a":[]}`, `{"a":{}}`, `{"a":true}`, `{"a":1}`},
			[]string{"a array|bool|null|number|object|string 1"},
		},
		"shares": {[]string{`{"a":1,"b":1}`, `{"a":1}`, `{"a":1,"b":null}`, `{"a":1}`}, []string{"a number 1", "b null|number 0.5"}},
		"objects in objects": {
			[]string{`{"quotes":{"USD":{"price":1}}}`, `{"quotes":{}}`},
			[]string{"quotes object 1", "quotes.USD object 0.5", "quotes.USD.price number 0.5"},
		},
		"an object that may be null": {[]string{`{"roi":null}`, `{"roi":{"times":2}}`}, []string{"roi null|object 1", "roi.times number 0.5"}},
		"arrays count once an item": {
			[]string{`{"s":[1,2,"x"]}`, `{"s":[]}`, `{"s":[[{"a":1}],[{"a":2}]]}`, `{}`},
			[]string{"s array 0.75", "s[] array|number|string 0.5", "s[][] object 0.25", "s[][].a number 0.25"},
		},
		"a key twice":                    {[]string{`{"a":1,"a":"x"}`}, []string{"a number|string 1"}},
		"an item that is no object":      {[]string{`1`, `"x"`, `null`, `[1]`, `{"a":1}`}, []string{"[] number 0.2", "a number 0.2"}},
		"spaces":                         {[]string{" \n\t\r{ \"a\" : [ 1 , 2 ] , \"b\" : { } } "}, []string{"a array 1", "a[] number 1", "b object 1"}},
		"escaped keys are the same keys": {[]string{`{"price":1}`, `{"pr\u0069ce":"x"}`}, []string{"price number|string 1"}},
		"keys that could be misread": {
			[]string{`{"a.b":1,"":2,"c[]":3,"*":4,"a":{"b":5},"say \"x\"":6,"\u0000":7,"naïve":8,"Change %":9}`},
			[]string{
				"Change % number 1", `[""] number 1`, `["*"] number 1`, `["\x00"] number 1`, `["a.b"] number 1`, `["c[]"] number 1`,
				`["say \"x\""] number 1`, "a object 1", "a.b number 1", "naïve number 1",
			},
		},
		"keys that are no UTF-8": {[]string{"{\"\xff\":1}"}, []string{`["\xff"] number 1`}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, shapeOf(c.payloads...)) })
	}
}

// What is not valid JSON is left out as a whole: none of its paths is known, none is counted.
func TestInvalidPayloadsAreLeftOut(t *testing.T) {
	good := `{"a":[1],"b":{"c":"x"}}`
	for _, bad := range []string{
		"", " ", "{", "[", `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{a:1}`, `{"a":1}}`, `{"a":[1,]}`, `{"a":[1 2]}`, `{"a":[1`,
		`{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":-}`, `{"a":1e}`, `{"a":+1}`, `{"a":NaN}`, `{"a":tru}`, `{"a":nul`, `{"a":"x}`,
		`{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":"\u12`, "{\"a\":\"\n\"}", `{"a":1}x`, "{\"a\":1\x00}", `{"new":1`, `{"a":{"new":[}`,
		strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001),
	} {
		require.False(t, json.Valid([]byte(bad)), bad)
		require.Equal(t, shapeOf(good), shapeOf(good, bad), bad)
		require.Equal(t, shapeOf(good), shapeOf(bad, good), bad)
	}
}

// An upstream with ids as keys fills neither memory nor the table.
func TestDictionariesAreOnePath(t *testing.T) {
	ids := func(from, to int, value string) string {
		var b strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&b, `,"id%d":%s`, i, value)
		}
		return "{" + strings.TrimPrefix(b.String(), ",") + "}"
	}
	for name, c := range map[string]struct {
		payloads []string
		want     []string
	}{
		"of several types": {[]string{`{"p":{"first":null,` + ids(0, 1000, "1")[1:] + `}`}, []string{"p object 1", "p.* null|number 1"}},
		"in one item":      {[]string{`{"p":` + ids(0, 1000, "1") + `,"z":1}`}, []string{"p object 1", "p.* number 1", "z number 1"}},
		"over all items": {
			[]string{`{"p":` + ids(0, 200, "1") + `}`, `{"p":` + ids(150, 257, `"x"`) + `}`, `{"p":` + ids(0, 2, "{}") + `}`, "{}"},
			[]string{"p object 0.75", "p.* number|object|string 0.75"},
		},
		"the item itself": {[]string{ids(0, 300, `{"price":1}`), ids(9, 10, "null")}, []string{"* null|object 1"}},
		"of large things": {
			[]string{`{"a":1,"p":` + ids(0, 250, ids(0, 30, "[true]")) + `}`},
			[]string{"a number 1", "p object 1", "p.* object 1"},
		},
		"in arrays": {[]string{`[` + ids(0, 300, "1") + `]`}, []string{"[] object 1", "[].* number 1"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, shapeOf(c.payloads...)) })
	}
	require.Len(t, shapeOf(`{"p":`+ids(0, 256, "1")+`}`), 257, "as many keys as are told apart")
}

// Whatever comes, a part keeps some thousand paths, each short enough for an index.
func TestACensusIsBounded(t *testing.T) {
	var c ingest.Census
	for i := range 3000 {
		name := fmt.Sprintf("k%d", i%97)
		nested := `{"x":[1,{"y":[2]}]}`
		for d := range 40 {
			nested = fmt.Sprintf(`{"k%d":[%s,%s]}`, (i>>(d%12))%3, nested, `{"`+name+`":1}`)
		}
		c.Add("", []byte(nested))
		c.Add("", fmt.Appendf(nil, `{%q:{%q:1}}`, strings.Repeat("long", i%300), name))
	}
	shape := c.Judge(runOf(1), nil, true).Shape
	require.LessOrEqual(t, len(shape), 4096)
	require.NotEmpty(t, shape)
	for _, s := range shape {
		require.LessOrEqual(t, len(s.Path), 512)
	}
}

func TestPartsAreApart(t *testing.T) {
	var c ingest.Census
	c.Add("b.csv", []byte(`{"x":1}`))
	c.Add("a.csv", []byte(`{"y":1}`))
	c.Add("b.csv", []byte(`{}`))
	require.Equal(t, []market.PathShape{
		{Part: "a.csv", Path: "y", Frequency: of(1, 1), Types: map[string]market.Frequency{"number": of(1, 1)}, LastRunID: 1},
		{Part: "b.csv", Path: "x", Frequency: of(1, 2), Types: map[string]market.Frequency{"number": of(1, 1)}, LastRunID: 1},
	}, c.Judge(runOf(1), nil, true).Shape)
}

func TestNothingIsAllocatedForPathsKnown(t *testing.T) {
	var c ingest.Census
	payload := []byte(`{"id":"bitcoin","quotes":{"USD":{"price":1.5,"change":null}},"tags":["a","b"],"ok":true}`)
	c.Add("", payload)
	require.Zero(t, testing.AllocsPerRun(100, func() { c.Add("", payload) }))
}
