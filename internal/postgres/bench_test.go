package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// thousand is a page of a thousand listings at one instant.
func thousand(at time.Time) []market.Observation {
	page := make([]market.Observation, 1000)
	for i := range page {
		page[i] = observe(fmt.Sprintf("coin-%d", i), at, "64250.123456789")
		page[i].Symbol, page[i].Name = fmt.Sprintf("C%d", i), fmt.Sprintf("Coin %d", i)
	}
	return page
}

func BenchmarkCommitNewRows(b *testing.B) {
	s := newStore(b)
	run := start(b, s, "coingecko")
	commit(b, s, run, thousand(noon)...)
	n := 0
	for b.Loop() {
		n++
		done := commit(b, s, run, thousand(noon.Add(time.Duration(n)*time.Minute))...)
		require.EqualValues(b, 1000, done.Inserted)
	}
}

func BenchmarkCommitUnchangedRows(b *testing.B) {
	s := newStore(b)
	run := start(b, s, "coingecko")
	page := thousand(noon)
	commit(b, s, run, page...)
	for b.Loop() {
		require.EqualValues(b, 1000, commit(b, s, run, page...).Unchanged)
	}
}

func BenchmarkRecordsPage(b *testing.B) {
	s := seed(b)
	middle := &market.RecordKey{ListingID: 40, ObservedAt: *minute(600)}
	for name, f := range map[string]market.RecordFilter{
		"all": {}, "source": {Sources: seedSources[:1]}, "asset": {Assets: []string{"coin-07"}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				page, err := s.Records(b.Context(), f, market.RecordsNewestFirst, market.Window[market.RecordKey]{Size: 100, After: middle})
				require.NoError(b, err)
				require.Len(b, page.Items, 100)
			}
		})
	}
}
