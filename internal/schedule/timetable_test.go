package schedule

import (
	"fmt"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, text)
	require.NoError(t, err)
	return parsed
}

func TestSlots(t *testing.T) {
	tests := []struct{ spec, now, previous, next string }{
		{"*/5 * * * *", "2026-03-04T12:03:04.5Z", "2026-03-04T12:00:00Z", "2026-03-04T12:05:00Z"},
		{"*/5 * * * *", "2026-03-04T12:05:00Z", "2026-03-04T12:05:00Z", "2026-03-04T12:10:00Z"},
		{"*/5 * * * *", "2026-03-04T12:04:59.999999999Z", "2026-03-04T12:00:00Z", "2026-03-04T12:05:00Z"},
		{"*/5 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"},
		{"@daily", "2026-03-04T03:00:00+09:00", "2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z"}, // UTC, wherever now is from
		{"@yearly", "2026-03-04T12:00:00Z", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"@weekly", "2026-03-04T12:00:00Z", "2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z"},
		{"* * 1 1 *", "2026-12-31T23:59:00Z", "2026-01-01T23:59:00Z", "2027-01-01T00:00:00Z"},
		// A day of the month and a day of the week: either will do.
		{"0 6 13 * FRI", "2026-03-12T12:00:00Z", "2026-03-06T06:00:00Z", "2026-03-13T06:00:00Z"},
		{"0 6 13 * FRI", "2026-05-13T06:00:00Z", "2026-05-13T06:00:00Z", "2026-05-15T06:00:00Z"},
		{"0 0 31 * *", "2026-03-15T00:00:00Z", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z"},
		{"0 0 29 2 *", "2026-03-04T12:00:00Z", "2024-02-29T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"0 0 29 2 *", "2099-01-01T00:00:00Z", "2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"},
		{"0 0 29 2 *", "2104-02-28T23:59:59Z", "2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"},
		{"0 0 29 2 SUN", "2026-03-04T12:00:00Z", "2026-02-22T00:00:00Z", "2027-02-07T00:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.spec+" at "+tt.now, func(t *testing.T) {
			table, err := NewTimetable(map[string]string{"csv": tt.spec})
			require.NoError(t, err)
			previous, next, ok := table.Slots("csv", at(t, tt.now))
			require.True(t, ok)
			require.Equal(t, tt.previous, previous.Format(time.RFC3339Nano))
			require.Equal(t, tt.next, next.Format(time.RFC3339Nano))
		})
	}
}

func TestSlotsOfASourceWithoutSchedule(t *testing.T) {
	table, err := NewTimetable(map[string]string{"csv": "@daily"})
	require.NoError(t, err)
	_, _, ok := table.Slots("coingecko", time.Now())
	require.False(t, ok)
	_, _, ok = Timetable{}.Slots("csv", time.Now())
	require.False(t, ok)
}

func TestBadSpecs(t *testing.T) {
	for spec, message := range map[string]string{
		"":                             "five fields are needed",
		"* * * *":                      "five fields are needed",
		"0 0 * * * *":                  "five fields are needed",
		"61 * * * *":                   "five fields are needed",
		"@every 5m":                    "it has no fixed slots",
		"TZ=":                          "leave the time zone out",
		"CRON_TZ=Asia/Tokyo 0 * * * *": "leave the time zone out",
		"0 0 30 2 *":                   "such a day never comes",
	} {
		_, err := NewTimetable(map[string]string{"csv": spec, "fine": "@daily"})
		require.ErrorContains(t, err, message, spec)
		require.ErrorContains(t, err, fmt.Sprintf("schedule of csv: cron %q", spec))
		require.NotContains(t, err.Error(), "fine")
	}
	_, err := NewTimetable(map[string]string{"b": "x", "a": "y"})
	require.Regexp(t, `^schedule of a: .*\nschedule of b: `, err.Error())
}

// specs draws crons of every kind: dense and rare, days of the month and of the week, both, names.
func specs() *rapid.Generator[string] {
	field := func(low, high int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			from := rapid.IntRange(low, high).Draw(t, "from")
			to := rapid.IntRange(from, high).Draw(t, "to")
			step := rapid.IntRange(1, high).Draw(t, "step")
			return rapid.SampledFrom([]string{"*", "*", fmt.Sprint(from), fmt.Sprintf("%d-%d", from, to),
				fmt.Sprintf("*/%d", step), fmt.Sprintf("%d,%d", from, to), fmt.Sprintf("%d-%d/%d", from, to, step)}).Draw(t, "field")
		})
	}
	five := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("%s %s %s %s %s", field(0, 59).Draw(t, "minute"), field(0, 23).Draw(t, "hour"),
			field(1, 31).Draw(t, "dom"), field(1, 12).Draw(t, "month"), field(0, 6).Draw(t, "dow"))
	})
	return rapid.OneOf(five, five, rapid.SampledFrom([]string{"@hourly", "@daily", "@midnight", "@weekly", "@monthly",
		"@yearly", "@annually", "0 0 29 2 *", "0 0 29 2 */7", "0 0 31 1-3 MON", "59 23 31 12 *", "* * 29 2 */2", "* * * 1 *"}))
}

func TestSlotsProperty(t *testing.T) {
	first := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	last := time.Date(2150, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	rapid.Check(t, func(t *rapid.T) {
		spec := specs().Draw(t, "spec")
		table, err := NewTimetable(map[string]string{"csv": spec})
		if err != nil {
			require.ErrorContains(t, err, "such a day never comes")
			return
		}
		now := time.Unix(rapid.Int64Range(first, last).Draw(t, "now"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")).UTC()
		if rapid.Bool().Draw(t, "on a slot") {
			_, now, _ = table.Slots("csv", now)
		}
		previous, next, ok := table.Slots("csv", now)
		require.True(t, ok)
		require.False(t, previous.After(now), "previous %v is after now %v", previous, now)
		require.True(t, next.After(now), "next %v is not after now %v", next, now)

		// Both fire, and nothing does between them: the library itself says so, year by year.
		plan, err := cron.ParseStandard(spec)
		require.NoError(t, err)
		require.Equal(t, previous, plan.Next(previous.Add(-time.Nanosecond)))
		require.Equal(t, next, plan.Next(next.Add(-time.Nanosecond)))
		for from := previous; from.Before(next); from = from.AddDate(1, 0, 0) {
			if fires := plan.Next(from); !fires.IsZero() {
				require.False(t, fires.Before(next), "%v fires between %v and %v", fires, previous, next)
			}
		}
	})
}

func TestCount(t *testing.T) {
	table, err := NewTimetable(map[string]string{"often": "*/5 * * * *", "rare": "0 0 29 2 *"})
	require.NoError(t, err)
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	cases := []struct {
		source string
		to     time.Time
		want   int
	}{
		{"often", from.AddDate(0, 1, 0), 31 * 24 * 12},
		{"often", from.Add(5 * time.Minute), 1},
		{"often", from.Add(5*time.Minute - time.Second), 0},
		{"often", from.Add(-time.Hour), 0},
		{"rare", from.AddDate(1, 0, 0), 0},
		{"rare", from.AddDate(3, 0, 0), 1},
		{"none", from.AddDate(1, 0, 0), 0},
	}
	for _, c := range cases {
		require.Equal(t, c.want, table.Count(c.source, from, c.to), "%s to %s", c.source, c.to)
	}
}
