package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// What the days hold must be what there is, whichever instants a range begins and ends at, also
// where pages have added to days, corrected records and brought doubles.
func TestRecordsOfARangeAreCountedToTheOne(t *testing.T) {
	db := postgrestest.New(t)
	s := postgres.New(db, identity.Resolve)
	for n, source := range []string{"coingecko", "coinpaprika"} {
		run := start(t, s, source)
		for page := range 3 {
			var items []market.Observation
			for hour := range 60 {
				at := noon.Add(time.Duration(hour*(n+1)+page) * time.Hour)
				items = append(items, observe("bitcoin", at, "1"), observe("bitcoin", at, "2"), observe("ethereum", at, "3"))
			}
			commit(t, s, run, items...)
		}
	}
	var ends []*time.Time
	for _, hours := range []int{-1000, -12, 0, 5, 12, 13, 36, 37, 60, 84, 1000} {
		for _, shift := range []time.Duration{0, time.Microsecond, -time.Microsecond} {
			at := noon.Add(time.Duration(hours)*time.Hour + shift).In(time.FixedZone("", 5*3600))
			ends = append(ends, &at)
		}
	}
	ends = append(ends, nil)
	sum := 0
	for _, from := range ends {
		for _, before := range ends {
			for _, sources := range [][]string{nil, {"coingecko"}, {"coinpaprika", "coingecko"}} {
				f := market.RecordFilter{Sources: sources, ObservedAt: market.TimeRange{From: from, Before: before}}
				got, err := s.CountRecords(t.Context(), f)
				require.NoError(t, err)
				var want int64
				require.NoError(t, db.NewRaw(`SELECT count(*) FROM records WHERE (? OR source_id = 1)
					AND observed_at >= coalesce(?::timestamptz, '-infinity') AND observed_at < coalesce(?::timestamptz, 'infinity')`,
					len(sources) != 1, from, before).Scan(t.Context(), &want))
				require.Equal(t, want, got, "%v %v %v", sources, from, before)
				sum += int(got)
			}
		}
	}
	require.Positive(t, sum)
}
