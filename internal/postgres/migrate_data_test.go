package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// A database of the first release, with all that it holds, is brought up to date: records find their
// payloads from both sides, and a source goes on where it was left.
func TestMigrationsCarryDataOver(t *testing.T) {
	db := postgrestest.Open(t, postgrestest.EmptyURL(t))
	up(t, db, migrationNames...)
	s := newStoreOn(db)
	run := start(t, s, "coingecko")
	commit(t, s, run, observe("bitcoin", noon, "1"), observe("ether", noon, "2"))
	commit(t, s, run, observe("bitcoin", noon, "1.5"), observe("bitcoin", noon.Add(time.Hour), "3"))
	finish(t, s, run)
	dead := start(t, s, "coingecko")
	before := newest(t, s, market.RecordFilter{})
	down(t, db, migrationNames[3:]...)

	up(t, db, migrationNames[3:]...)
	require.Equal(t, before, newest(t, s, market.RecordFilter{}))
	var agree, replaced int
	require.NoError(t, db.NewRaw(`SELECT
		(SELECT count(*) FROM records r JOIN listings l ON l.id = r.listing_id
			JOIN raw_records w ON w.id = r.raw_id AND w.external_id = l.external_id AND w.observed_at = r.observed_at),
		(SELECT count(*) FROM raw_records WHERE observed_at IS NULL)`).Scan(t.Context(), &agree, &replaced))
	require.Equal(t, len(before), agree)
	require.Equal(t, 1, replaced)
	silence(t, db, dead, 4*postgres.Beat)
	next := start(t, s, "coingecko")
	require.JSONEq(t, `{"page":2}`, string(next.CursorBefore))
	requireFenced(t, s, dead)
	finish(t, s, next)
	requireTotals(t, s, db)
}
