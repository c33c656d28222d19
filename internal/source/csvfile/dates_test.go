package csvfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseTime(t *testing.T) {
	for _, c := range []struct {
		text  string
		order dateOrder
		want  string
	}{
		{"2013-04-29", "", "2013-04-29T00:00:00Z"},
		{"2013-04-29 23:59:59", "", "2013-04-29T23:59:59Z"},
		{"2013-04-28 00:00:00 UTC", "", "2013-04-28T00:00:00Z"},
		{"2024-05-31T23:59:59.999Z", "", "2024-05-31T23:59:59.999Z"},
		{"2024-05-31T23:59:59.123456+02:00", "", "2024-05-31T21:59:59.123456Z"},
		{"2024-05-31 01:00 -0530", "", "2024-05-31T06:30:00Z"},
		{"2024-05-31 01:00:00+02", "", "2024-05-30T23:00:00Z"},
		{"2020-01-01 05-PM", "", "2020-01-01T17:00:00Z"},
		{"2017/01/31", "", "2017-01-31T00:00:00Z"}, {"2017.1.5", "", "2017-01-05T00:00:00Z"}, {"20170131", "", "2017-01-31T00:00:00Z"},
		{"Feb 20, 2018", "", "2018-02-20T00:00:00Z"}, {"February 3, 2018 14:30", "", "2018-02-03T14:30:00Z"},
		{"20-Feb-18", "", "2018-02-20T00:00:00Z"}, {"20 Sept 2018", "", "2018-09-20T00:00:00Z"},
		{"2018-May-01", "", "2018-05-01T00:00:00Z"}, {"Tue Feb 20 2018", "", "2018-02-20T00:00:00Z"},
		{"Thursday, Feb 1, 2018", "", "2018-02-01T00:00:00Z"},
		{"1660953600", "", "2022-08-20T00:00:00Z"}, {"1660953600.25", "", "2022-08-20T00:00:00.25Z"},
		{"1660953600123", "", "2022-08-20T00:00:00.123Z"}, {"1660953600123456", "", "2022-08-20T00:00:00.123456Z"},
		{"999999999", "", "2001-09-09T01:46:39Z"},
		{"1/02/17", monthFirst, "2017-01-02T00:00:00Z"}, {"1/02/17", dayFirst, "2017-02-01T00:00:00Z"},
		{"1/02/17 23:59", monthFirst, "2017-01-02T23:59:00Z"}, {"1/2/2017 9:05:07 PM", dayFirst, "2017-02-01T21:05:07Z"},
		{"31.12.2020", dayFirst, "2020-12-31T00:00:00Z"}, {"12-31-2020", monthFirst, "2020-12-31T00:00:00Z"},
		{"01/01/69", dayFirst, ""}, {"01/01/70", dayFirst, "1970-01-01T00:00:00Z"},
		{"1/02/17", "", ""}, {"13/02/17", monthFirst, ""}, {"02/13/17", dayFirst, ""}, {"32/01/17", dayFirst, ""},
		{"", "", ""}, {"null", "", ""}, {"2013-02-29", "", ""}, {"2013-13-01", "", ""}, {"2013-01-01 25:00", "", ""},
		{"2013-01-01 10:00 EST", "", ""}, {"2013-01-01 x", "", ""}, {"2013-01", "", ""}, {"20130231", "", ""},
		{"5", "", ""}, {"12345678901", "", ""}, {"Foo 20, 2018", "", ""}, {"Feb 30, 2018", "", ""}, {"Marble 3, 2018", "", ""},
		{"0001-01-01", "", ""}, {"1660953600.", "", ""}, {"99999999999999999999", "", ""}, {"0/1/2017", dayFirst, ""},
	} {
		got, err := parseTime(c.text, c.order)
		if c.want == "" {
			require.Error(t, err, "%q gave %s", c.text, got)
			continue
		}
		require.NoError(t, err, c.text)
		require.Equal(t, utc(t, c.want), got, c.text)
	}
}

func TestOrderIsDecidedFromTheWholeColumn(t *testing.T) {
	for name, c := range map[string]struct {
		file, dates string
		first       string // time of the first row
		refused     string // code
	}{
		"month first":         {"btc.csv", "1/02/17,1/13/17", "2017-01-02T00:00:00Z", ""},
		"day first":           {"btc.csv", "1/02/17,13/01/17", "2017-02-01T00:00:00Z", ""},
		"dots":                {"btc.csv", "01.02.2017,13.01.2017", "2017-02-01T00:00:00Z", ""},
		"dashes and times":    {"btc.csv", "1-2-17 23:59,1-13-17 23:59", "2017-01-02T23:59:00Z", ""},
		"ambiguous":           {"btc.csv", "1/02/17,2/03/17", "", "ambiguous_date_order"},
		"contradicting":       {"btc.csv", "1/02/17,13/01/17,1/13/17", "", "ambiguous_date_order"},
		"declared day":        {"btc.dmy.csv", "1/02/17,2/03/17", "2017-02-01T00:00:00Z", ""},
		"declared month":      {"btc.mdy.csv", "1/02/17,2/03/17", "2017-01-02T00:00:00Z", ""},
		"junk before":         {"btc.csv", "n/a,1/02/17,13/01/17", "", ""},
		"the order not asked": {"btc.csv", "2017-02-01,2017-02-02", "2017-02-01T00:00:00Z", ""},
	} {
		t.Run(name, func(t *testing.T) {
			content := "date,close\n"
			for date := range strings.SplitSeq(c.dates, ",") {
				content += date + ",1\n"
			}
			pages := extract(t, write(t, c.file, content), "")
			item := pages[0].Items[0]
			if c.refused != "" {
				require.Equal(t, c.refused, item.Problem.Code)
				require.Contains(t, item.Problem.Detail, "btc.dmy.csv")
				require.Equal(t, item.Problem.Detail, pages[0].Incomplete)
				return
			}
			if c.first == "" {
				require.Equal(t, "bad_time", item.Problem.Code)
				return
			}
			require.Nil(t, item.Problem)
			require.Equal(t, utc(t, c.first), item.ObservedAt)
			require.Equal(t, item.ExternalID, "BTC")
		})
	}
}

func TestDatesOfAnotherKindAfterwardsAreRejectedByRow(t *testing.T) {
	items := itemsOf(extract(t, write(t, "btc.csv", "date,close\n2017-01-01,1\n1/02/17,2\n"), ""))
	require.Nil(t, items[0].Problem)
	require.Equal(t, "bad_time", items[1].Problem.Code)
	require.Equal(t, "date", items[1].Problem.Field)
}

func TestOrderHoldsForWhatIsAppended(t *testing.T) {
	file := write(t, "btc.csv", "date,close\n1/13/17,1\n")
	cursor := last(t, extract(t, file, ""))
	rewrite(t, file, "date,close\n1/13/17,1\n1/02/17,2\n13/01/17,3\n")
	items := itemsOf(extract(t, file, cursor))
	require.Len(t, items, 2)
	require.Equal(t, utc(t, "2017-01-02T00:00:00Z"), items[0].ObservedAt)
	require.JSONEq(t, `{"file":"btc.csv","dates":"mdy","row":{"date":"1/02/17","close":"2"}}`, string(items[0].Payload))
	require.Equal(t, "bad_time", items[1].Problem.Code)
	require.Contains(t, items[1].Problem.Detail, "contradicts")
}

func TestOrderIsDecidedOnceThereAreRows(t *testing.T) {
	file := write(t, "btc.csv", "date,close\n")
	cursor := last(t, extract(t, file, ""))
	rewrite(t, file, "date,close\n1/02/17,2\n13/01/17,3\n")
	items := itemsOf(extract(t, file, cursor))
	require.Len(t, items, 2)
	require.Equal(t, utc(t, "2017-02-01T00:00:00Z"), items[0].ObservedAt)
}
