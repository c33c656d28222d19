package source_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source"
)

func TestNumberKeepsItsText(t *testing.T) {
	cases := []struct{ raw, number, known, code string }{
		{`1.50`, "1.50", "1.50", ""},
		{`-4.37e-06`, "-4.37e-06", "-4.37e-06", ""},
		{`1.01101101E+16`, "1.01101101E+16", "1.01101101E+16", ""},
		{`" 2e-8 "`, "2e-8", "2e-8", ""},
		{`"+.5"`, "+.5", "+.5", ""},
		{`100`, "100", "100", ""},
		{`0.01`, "0.01", "0.01", ""},
		{`0`, "0", "", ""},
		{`-0.00`, "-0.00", "", ""},
		{`0e5`, "0e5", "", ""},
		{`"0.0E7"`, "0.0E7", "", ""},
		{`null`, "", "", ""},
		{`""`, "", "", ""},
		{`true`, "", "", "wrong_type"},
		{`{"a":1}`, "", "", "wrong_type"},
		{`[1]`, "", "", "wrong_type"},
		{`"1,000"`, "", "", "wrong_type"},
		{`"NaN"`, "", "", "wrong_type"},
		{`"0x10"`, "", "", "wrong_type"},
		{`"."`, "", "", "wrong_type"},
	}
	for _, c := range cases {
		o := source.NewObject([]byte(`{"n":` + c.raw + `}`))
		require.Equal(t, c.number, o.Number("n"), c.raw)
		require.Equal(t, c.known, o.Known("n"), c.raw)
		if c.code == "" {
			require.Nil(t, o.Problem(), c.raw)
			continue
		}
		require.Equal(t, c.code, o.Problem().Code, c.raw)
		require.Equal(t, "n", o.Problem().Field)
		require.Equal(t, "a number is needed, this is "+c.raw, o.Problem().Detail)
	}
}

func TestTimeIsUTC(t *testing.T) {
	cases := []struct {
		raw, code string
		at        time.Time
	}{
		{`"2022-02-23T13:23:11.426+02:00"`, "", time.Date(2022, 2, 23, 11, 23, 11, 426e6, time.UTC)},
		{`null`, "missing_time", time.Time{}},
		{`""`, "missing_time", time.Time{}},
		{`"2022-02-23"`, "bad_time", time.Time{}},
		{`1645615391`, "bad_time", time.Time{}},
		{`"0001-01-01T00:00:00Z"`, "bad_time", time.Time{}},
	}
	for _, c := range cases {
		o := source.NewObject([]byte(`{"at":` + c.raw + `}`))
		require.Equal(t, c.at, o.Time("at"), c.raw)
		if c.code == "" {
			require.Nil(t, o.Problem(), c.raw)
			continue
		}
		require.Equal(t, c.code, o.Problem().Code, c.raw)
	}
}

func TestTheFirstProblemIsKeptWithItsPath(t *testing.T) {
	o := source.NewObject([]byte(`{"quotes":{"USD":{"price":[` + strings.Repeat("1, ", 100) + `1]}},"name":7,"id":"a b"}`))
	require.Equal(t, "a b", o.ID("id"))
	require.Empty(t, o.Object("quotes").Object("USD").Number("price"))
	require.Empty(t, o.Text("name"))
	require.Empty(t, o.Object("missing").Object("too").Text("deep"))
	require.Equal(t, "quotes.USD.price", o.Problem().Field)
	require.Less(t, len(o.Problem().Detail), 120)
}

func TestWhatIsNoObjectHasAProblemAndNoFields(t *testing.T) {
	for _, payload := range []string{`null`, `[]`, `"text"`, `1`, ``} {
		o := source.NewObject([]byte(payload))
		require.Empty(t, o.ID("id"))
		require.Equal(t, "not_an_object", o.Problem().Code, payload)
		require.Empty(t, o.Problem().Field)
	}
	o := source.NewObject([]byte(`{"inner":[1]}`))
	require.Empty(t, o.Object("inner").Text("x"))
	require.Equal(t, "wrong_type", o.Problem().Code)
}

// A broken object is known by what stands before the place where it breaks.
func TestABrokenObjectHasTheFieldsBeforeTheBreak(t *testing.T) {
	for _, payload := range []string{
		`{"id":"bitcoin","name":"Bitcoin","price":NaN,"rank":1}`, ` {"id":"bitcoin","name":"Bitcoin","price":`,
		`{"id":"bitcoin","name":"Bitcoin" "price":1}`,
	} {
		o := source.NewObject([]byte(payload))
		require.Equal(t, "bitcoin", o.ID("id"))
		require.Equal(t, "Bitcoin", o.Text("name"))
		require.Empty(t, o.Number("price")+o.Number("rank"))
		require.Equal(t, source.ProblemBrokenJSON, o.Problem().Code)
		require.Regexp(t, `^it is broken at its byte \d+: `, o.Problem().Detail)
	}
	for _, payload := range []string{`{`, `{x`, `{"id":x`, `{"id":"bitcoin`} {
		o := source.NewObject([]byte(payload))
		require.Empty(t, o.ID("id"))
		require.Equal(t, source.ProblemBrokenJSON, o.Problem().Code)
	}
	for _, payload := range []string{``, `x`, `[1]`, `null`, `"{"`} {
		require.Equal(t, source.ProblemNotAnObject, source.NewObject([]byte(payload)).Problem().Code)
	}
}
