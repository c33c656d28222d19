package chaos_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// kill kills a process at the moment, and returns false where it ended before. What it had asked of
// the database may still be done there: that is waited for.
func (r *rig) kill(m moment, args ...string) bool {
	r.t.Helper()
	since := r.now()
	_, came := r.at(m, (*program).kill, args...)
	await(r.t, "the end of the sessions of the dead", func() bool { return r.sessionsSince(since) == 0 })
	return came
}

// Killed again and again, without one run in between that came to its end, nothing is lost.
func TestKillsInARow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.csv.add(2**rounds, 10) // a page each, more than all runs will get done
	watching := r.watch()
	for range *rounds {
		try(t, "kill -9 of a run, again and again", func() {
			for m := r.anyMoment(); !r.kill(m, "ingest"); m = r.anyMoment() {
				r.age() // it had ended: what it left open is not of this round
			}
			r.age()
			require.Empty(t, r.crooked())
		})
	}
	r.finish()
	r.sound()
	watching.end()
}

// Killed once at every place, or in the short form at half of them, with files that grow in between.
func TestKillAtEveryPlace(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ingest("csv")
	moments := []moment{connected(), opened(), pages(1), pages(3), committing()}
	for _, table := range tables {
		moments = append(moments, writing(table))
	}
	r.dice.Shuffle(len(moments), func(i, j int) { moments[i], moments[j] = moments[j], moments[i] })
	for _, m := range moments[:min(len(moments), max(6, *rounds))] {
		try(t, "kill -9 of a run at: "+m.name, func() {
			r.moveOn()
			require.True(t, r.kill(m, "ingest", "csv"), "the run ended before: %s", m.name)
			r.age()
			r.ingest("csv")
			r.sound()
		})
	}
}

// A run that was killed before its first page is found dead as any other.
func TestKillBeforeTheFirstPage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	try(t, "kill -9 before the first page", func() {
		r.stall("coingecko", 0)
		p := r.start("ingest", "coingecko")
		r.awaitStalled(p)
		p.kill()
		require.EqualValues(t, 1, r.number("SELECT count(*) FROM etl_runs WHERE status = 'running' AND pages = 0"))
		r.sim.ClearFaults()
		r.age()
		r.ingest("coingecko", "csv")
		r.sound()
		require.Equal(t, "abandoned", r.read("SELECT status FROM etl_runs ORDER BY id LIMIT 1"))
	})
}

// Who is killed while it closes the run of another that was killed leaves that to the next one.
func TestKillDuringTheReap(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for range max(1, *rounds/10) {
		try(t, "kill -9 while a dead run is closed", func() {
			r.moveOn()
			require.True(t, r.kill(pages(1), "ingest", "csv"))
			r.age()
			require.True(t, r.kill(writing("source_totals"), "ingest", "csv"))
			r.age()
			r.ingest("csv")
			r.sound()
		})
	}
}

// A statement of a killed process holds its locks no longer than the server takes to look for its client.
func TestLocksOfTheDeadAreLetGo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	try(t, "kill -9 of a run whose statement waits", func() {
		release := r.hold("LOCK TABLE records IN SHARE MODE")
		p := r.start("ingest", "csv")
		await(t, "a statement that waits", func() bool { return r.blocked() > 0 })
		p.kill()
		await(t, "the end of the dead statement", func() bool { return r.blocked() == 0 })
		release()
		r.age()
		r.ingest("csv")
		r.sound()
	})
}

// Told to end, a run finishes the page in hand and goes on there the next time.
func TestTerminate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for range max(1, *rounds/5) {
		try(t, "SIGTERM in the middle of a page", func() {
			r.moveOn()
			r.csv.add(3, 20)
			m := writing("records")
			release := m.arm(r)
			p := r.start("ingest", "csv")
			await(t, m.name, func() bool { return m.seen(r, p) })
			p.signal(syscall.SIGTERM)
			await(t, "it knows", func() bool { return strings.Contains(p.log.String(), "stopping after the page in hand") })
			release()
			require.Zero(t, p.wait(), "%s\n%s", &p.out, &p.log)
			id := r.lastRun()
			require.Equal(t, "interrupted 1", r.read("SELECT status || ' ' || pages FROM etl_runs WHERE id = ?", id))
			r.ingest("csv")
			require.Equal(t, r.read("SELECT cursor_after FROM etl_runs WHERE id = ?", id),
				r.read("SELECT cursor_before FROM etl_runs WHERE id > ? AND source_id = (SELECT source_id FROM etl_runs WHERE id = ?) ORDER BY id LIMIT 1", id, id))
			r.sound()
		})
	}
}
