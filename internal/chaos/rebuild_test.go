package chaos_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// Killed again and again, a rebuild ends with the records that there were, also where all were lost.
func TestKillDuringRebuild(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.csv.add(25, 100) // some batches
	r.ingest()
	r.moveOn()
	r.ingest()
	for _, c := range []struct {
		name  string
		wreck func()
	}{
		{"kill -9 of a rebuild, again and again", func() {}},
		{"kill -9 of a rebuild of what was lost", func() { r.exec("TRUNCATE records, latest_records") }},
	} {
		before := r.dump()
		c.wreck()
		for range max(2, *rounds/2) {
			try(t, c.name, func() {
				for !r.killBeside(r.anyOfRebuild(), nil, "rebuild", "csv") {
					c.wreck() // it had ended
				}
			})
		}
		r.rebuild()
		require.Empty(t, differences(before, r.dump()))
		r.sound()
	}
}

// Killed again and again while runs go on, a rebuild ends with what they have stored, and with what
// another one makes of nothing.
func TestKillDuringRebuildBesideRuns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.csv.add(15, 100)
	r.ingest()
	for range max(2, *rounds/2) {
		try(t, "kill -9 of a rebuild, beside runs", func() {
			r.moveOn()
			for !r.killBeside(r.anyOfRebuild(), []string{"ingest", "--json"}, "rebuild", "csv") {
			}
			r.ingest() // which none may have been beside
			r.sound()
		})
	}
	r.rebuild()
	r.sound()
	before := r.dump()
	r.exec("TRUNCATE records, latest_records")
	r.rebuild()
	require.Empty(t, differences(before, r.dump()))
}

// rebuild rebuilds all sources to the end.
func (r *rig) rebuild() {
	r.t.Helper()
	p := r.start("rebuild", "--json")
	require.Zero(r.t, p.wait(), "%s\n%s", &p.out, &p.log)
	require.Zero(r.t, r.number("SELECT count(*) FROM rebuilds WHERE finished_at IS NULL"), "%s\n%s", &p.out, &p.log)
}

// dump is all that a rebuild must leave as it was.
func (r *rig) dump() (lines []string) {
	r.t.Helper()
	require.NoError(r.t, r.db.NewRaw(`
		SELECT 'record ' || (to_jsonb(r) - 'ingested_at')::text FROM records r
		UNION ALL SELECT 'latest ' || (to_jsonb(l) - 'ingested_at')::text FROM latest_records l
		UNION ALL SELECT 'total ' || to_jsonb(t)::text FROM source_totals t
		UNION ALL SELECT 'day ' || to_jsonb(d)::text FROM source_days d`).Scan(context.Background(), &lines))
	require.NotEmpty(r.t, lines)
	return lines
}

// anyOfRebuild throws the dice.
func (r *rig) anyOfRebuild() moment {
	switch r.dice.IntN(8) {
	case 0:
		return writing("rebuilds").by("rebuild")
	case 1:
		return writing("source_days").by("rebuild")
	case 2:
		return writing("latest_records").by("rebuild")
	case 3:
		return rebuildCommitting("a batch", "NEW.payloads > OLD.payloads")
	case 4:
		return rebuildCommitting("the end", "NEW.finished_at IS NOT NULL")
	case 5:
		return rebuilt()
	}
	return writing("records").by("rebuild")
}

// rebuilt is the moment behind a batch.
func rebuilt() moment {
	batches := "SELECT coalesce(sum(payloads), 0) FROM rebuilds WHERE finished_at IS NULL"
	var before int64
	return moment{
		name: "a batch of a rebuild",
		arm: func(r *rig) func() {
			before = r.number(batches)
			return func() {}
		},
		seen: func(r *rig, _ *program) bool { return r.number(batches) > before },
	}
}

// rebuildCommitting is the moment when COMMIT is on its way for a step of a rebuild that is like that.
func rebuildCommitting(step, like string) moment {
	return moment{
		name: "COMMIT of " + step,
		arm: func(r *rig) func() {
			r.exec(slowCommit + `; DROP TRIGGER IF EXISTS wait_a_moment ON rebuilds;
				CREATE CONSTRAINT TRIGGER wait_a_moment AFTER UPDATE ON rebuilds
					DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (` + like + `) EXECUTE FUNCTION wait_a_moment();
				DROP TRIGGER wait_a_moment ON source_totals`)
			return r.hold("SELECT pg_advisory_xact_lock(4711)")
		},
	}.by("rebuild")
}
