package chaos_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// Three processes on one database: each slot is run once, also while they are killed in turn, and what
// the killed one was about is made good.
func TestReplicasKilledInTurn(t *testing.T) {
	t.Parallel()
	r := newRig(t).with("ETL_SCHEDULE=* * * * *")
	r.csv.add(30, 20)
	begun := r.now()
	replicas := []*api{r.serveUntil(opened()), r.serve(), r.serve()}
	turn := func(n int) {
		try(t, "one of three replicas killed", func() {
			replicas[n%3].kill()
			r.age()
			replicas[n%3] = r.serve()
			await(t, "all sources up to date", func() bool { return r.upToDate() == 3 })
			require.Empty(t, r.crooked())
		})
	}
	for n := range 3 {
		turn(n)
	}
	for n := range *rounds / 25 { // in the short form there is not the time for a minute to come
		r.moveOn()
		slots := r.slots()
		await(t, "the next slot", func() bool { return r.slots() > slots })
		turn(n)
	}
	for _, a := range replicas {
		a.kill()
	}
	require.Empty(t, r.missedSince(begun))
	r.finish()
	r.sound()
}

// upToDate is how many sources have come to the end of their newest run.
func (r *rig) upToDate() int64 {
	return r.number(`SELECT count(*) FROM (SELECT DISTINCT ON (source_id) status FROM etl_runs ORDER BY source_id, id DESC) newest
		WHERE status = 'succeeded'`)
}

func (r *rig) slots() int64 {
	return r.number("SELECT count(DISTINCT scheduled_at) FROM etl_runs WHERE trigger = 'schedule'")
}

// missedSince are the minutes, from the first whole one on, that a source was not run for. All replicas may have been killed just
// as the last one came.
func (r *rig) missedSince(begun string) (missed []string) {
	r.t.Helper()
	require.NoError(r.t, r.db.NewRaw(`SELECT s.name || ' ' || slot
		FROM sources s, generate_series(date_trunc('minute', ?::timestamptz) + interval '1 minute',
			(SELECT max(scheduled_at) FROM etl_runs WHERE trigger = 'schedule') - interval '1 minute', '1 minute') slot
		WHERE NOT EXISTS (SELECT FROM etl_runs e WHERE e.source_id = s.id AND e.scheduled_at = slot)`, begun).Scan(context.Background(), &missed))
	return missed
}
