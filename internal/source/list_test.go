package source_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source"
)

func TestMillisAreUTC(t *testing.T) {
	at := time.Date(2021, 4, 15, 15, 4, 13, 863e6, time.UTC)
	cases := []struct {
		raw, code string
		at        time.Time
	}{
		{`1618499053863`, "", at},
		{`1618499053863.000`, "", at},
		{`1.618499053863e12`, "", at},
		{`0`, "", time.UnixMilli(0).UTC()},
		{`1618499053863.5`, "bad_time", time.Time{}},
		{`-1`, "bad_time", time.Time{}},
		{`1e300`, "bad_time", time.Time{}},
		{`253402300800000`, "bad_time", time.Time{}},
		{`"1618499053863"`, "bad_time", time.Time{}},
		{`[1]`, "bad_time", time.Time{}},
		{`null`, "missing_time", time.Time{}},
	}
	for _, c := range cases {
		o := source.NewObject([]byte(`{"at":` + c.raw + `}`))
		require.Equal(t, c.at, o.Millis("at"), c.raw)
		if c.code == "" {
			require.Nil(t, o.Problem(), c.raw)
			continue
		}
		require.Equal(t, c.code, o.Problem().Code, c.raw)
	}
}

func TestListsAreReadByTheirPlaces(t *testing.T) {
	o := source.NewObject([]byte(`{"a":{"b":[1,null,"x"]},"c":{"d":1},"e":null}`))
	list := o.Object("a").List("b")
	require.Equal(t, "1", list.Number("0"))
	require.True(t, list.Has("0"))
	require.False(t, list.Has("1"), "null is not there")
	require.False(t, list.Has("3"))
	require.False(t, o.List("e").Has("0"))
	require.False(t, o.List("f").Has("0"))
	require.Nil(t, o.Problem())
	require.Empty(t, list.Number("2"))
	require.Equal(t, "a.b.2", o.Problem().Field)

	o = source.NewObject([]byte(`{"c":{"d":1}}`))
	require.False(t, o.List("c").Has("0"))
	require.Equal(t, "wrong_type", o.Problem().Code)
	require.Equal(t, "c", o.Problem().Field)
}
