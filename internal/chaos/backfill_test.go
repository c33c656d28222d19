package chaos_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// Killed again and again beside live runs, a backfill ends with what an undisturbed one has, and the live
// runs go on where they were.
func TestKillDuringBackfill(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ingest()
	args := r.past(3 + *rounds/10)
	whole := r.elsewhere()
	whole.ingest()
	p := whole.start(args...)
	require.Zero(t, p.wait(), "%s\n%s", &p.out, &p.log)
	want, which := whole.history()
	require.NotEmpty(t, want)
	for killed, n := true, 0; killed && n < max(3, *rounds/2); n++ {
		try(t, "kill -9 of a backfill, beside live runs", func() {
			require.NoError(t, r.sim.Advance(time.Minute))
			killed = r.killBeside(r.anyOfBackfill(), []string{"ingest", "coingecko", "--json"}, args...)
			r.age()
			require.Empty(t, r.crooked())
		})
	}
	live := r.read(liveCheckpoint)
	p = r.start(args...)
	require.Zero(t, p.wait(), "%s\n%s", &p.out, &p.log)
	require.Equal(t, live, r.read(liveCheckpoint), "the live cursor has moved")
	got, _ := r.history()
	require.Empty(t, differences(want, got))
	r.ingest()
	r.soundWith(which)
}

const liveCheckpoint = `SELECT to_jsonb(c)::text FROM checkpoints c JOIN sources s ON s.id = c.source_id
	WHERE s.name = 'coingecko' AND c.stream = ''`

// past are the arguments that get the history of some coins, two pages each: one with a point an hour,
// and the rest with one every five minutes.
func (r *rig) past(coins int) []string {
	r.t.Helper()
	var ids []string
	require.NoError(r.t, r.db.NewRaw(`SELECT l.external_id FROM listings l JOIN sources s ON s.id = l.source_id JOIN assets a ON a.id = l.asset_id
		WHERE s.name = 'coingecko' ORDER BY a.rank, a.id LIMIT ?`, coins).Scan(context.Background(), &ids))
	to := time.Now().AddDate(0, 0, -50)
	args := []string{"ingest", "coingecko", "--json", "--from", to.AddDate(0, 0, -91).Format(time.DateOnly), "--to", to.Format(time.DateOnly)}
	for _, id := range ids {
		args = append(args, "--asset", id)
	}
	return args
}

// elsewhere is the rig with a database of its own.
func (r *rig) elsewhere() *rig {
	r.t.Helper()
	url := postgrestest.URL(r.t)
	other := r.with("DATABASE_URL=" + url)
	other.db = postgrestest.Open(r.t, url)
	return other
}

// history is what backfills have stored: all that must be the same wherever it is stored, and which it is.
func (r *rig) history() (lines []string, which map[seen]bool) {
	r.t.Helper()
	var rows []struct {
		Source, ID, Line string
		At               time.Time
	}
	require.NoError(r.t, r.db.NewRaw(`SELECT s.name AS source, l.external_id AS id, r.observed_at AS at,
			l.external_id || ' ' || (to_jsonb(r) - '{listing_id,source_id,raw_id,run_id,ingested_at}'::text[])::text AS line
		FROM records r JOIN listings l ON l.id = r.listing_id JOIN sources s ON s.id = r.source_id JOIN etl_runs e ON e.id = r.run_id
		WHERE e.stream LIKE 'history %'`).Scan(context.Background(), &rows))
	which = map[seen]bool{}
	for _, row := range rows {
		lines = append(lines, row.Line)
		which[seen{row.Source, row.ID, row.At.UTC()}] = true
	}
	return lines, which
}

// anyOfBackfill throws the dice.
func (r *rig) anyOfBackfill() moment {
	switch r.dice.IntN(4) {
	case 0:
		return committing().by("ingest")
	case 1:
		return writing(tables[r.dice.IntN(len(tables))]).by("ingest")
	}
	return pages(1 + r.dice.IntN(2)) // nobody else has run since
}
