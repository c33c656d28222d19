package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// BenchmarkNewListing is what a page costs that brings one new listing, and what the end of its run does,
// among 50,000 listings of two sources: both resolve all of them.
func BenchmarkNewListing(b *testing.B) {
	db := postgrestest.New(b)
	s := newStoreOn(db)
	const coins, pageSize = 25_000, 2500
	for _, source := range seedSources[:2] {
		run := start(b, s, source)
		for from := 0; from < coins; from += pageSize {
			page := make([]market.Observation, pageSize)
			for i := range page {
				n := from + i
				page[i] = coin(fmt.Sprintf("%s-coin-%d", source, n), fmt.Sprintf("S%d", n%9000), fmt.Sprintf("Coin of the number %d", n), int32(n+1))
			}
			commit(b, s, run, page...)
		}
		finish(b, s, run)
	}
	_, err := db.ExecContext(b.Context(), "ANALYZE")
	require.NoError(b, err)
	run, n := start(b, s, seedSources[0]), 0
	b.Run("page", func(b *testing.B) {
		for b.Loop() {
			n++
			commit(b, s, run, coin(fmt.Sprintf("new-%d", n), "NEW", fmt.Sprintf("New %d", n), 0))
		}
	})
	b.Run("page without", func(b *testing.B) {
		at := time.Now()
		for b.Loop() {
			o := coin("new-1", "NEW", "New 1", 0)
			n++
			o.ObservedAt = at.Add(time.Duration(n) * time.Microsecond)
			commit(b, s, run, o)
		}
	})
	b.Run("end of run", func(b *testing.B) {
		for b.Loop() {
			finish(b, s, run)
			run = start(b, s, seedSources[0])
			n++
			commit(b, s, run, coin(fmt.Sprintf("new-%d", n), "NEW", fmt.Sprintf("New %d", n), 0))
		}
	})
	require.Greater(b, n, 1)
}
