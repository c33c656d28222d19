package chaos_test

import "fmt"

// moment is an instant in the life of a run that can be seen from outside.
type moment struct {
	name string
	// arm prepares for it, before the process starts, and returns what takes that back.
	arm  func(r *rig) (release func())
	seen func(r *rig, p *program) bool
}

// at starts a process, waits for the moment, and does something to the process then. It returns the
// process, and false where the process ended before the moment came.
func (r *rig) at(m moment, do func(*program), args ...string) (*program, bool) {
	r.t.Helper()
	release := m.arm(r)
	defer release()
	p := r.start(args...)
	came := false
	await(r.t, m.name, func() bool {
		came = m.seen(r, p)
		return came || p.ended()
	})
	if came {
		do(p)
	}
	return p, came
}

// opened is the moment when a run is open, whatever it has done.
func opened() moment { return pages(0) }

// pages is the moment when the runs of the process have committed so many pages.
func pages(count int) moment {
	var before int64
	return moment{
		name: fmt.Sprintf("page %d", count),
		arm: func(r *rig) func() {
			before = r.lastRun()
			return func() {}
		},
		seen: func(r *rig, _ *program) bool {
			return r.number("SELECT coalesce(sum(pages), -1) FROM etl_runs WHERE id > ?", before) >= int64(count)
		},
	}
}

func (r *rig) lastRun() int64 { return r.number("SELECT coalesce(max(id), 0) FROM etl_runs") }

// connected is the moment when the process has come to the database, before it does anything there.
func connected() moment {
	var since string
	return moment{
		name: "connected",
		arm: func(r *rig) func() {
			since = r.now()
			return func() {}
		},
		seen: func(r *rig, _ *program) bool { return r.sessionsSince(since) > 0 },
	}
}

// asked is the moment when the upstream has answered once more.
func asked() moment {
	before := 0
	answers := func(r *rig) int {
		_, all := r.sim.Ledger()
		return len(all)
	}
	return moment{
		name: "an answer of an upstream",
		arm: func(r *rig) func() {
			before = answers(r)
			return func() {}
		},
		seen: func(r *rig, _ *program) bool { return answers(r) > before },
	}
}

// writing is the moment when a transaction of the process is about to write to a table.
func writing(table string) moment {
	return moment{
		name: "writing to " + table,
		arm:  func(r *rig) func() { return r.hold("LOCK TABLE " + table + " IN SHARE MODE") },
		seen: func(r *rig, _ *program) bool { return r.blocked() > 0 },
	}
}

// committing is the moment when a page has been written and COMMIT is on its way.
func committing() moment {
	return moment{
		name: "COMMIT",
		arm: func(r *rig) func() {
			r.exec(slowCommit)
			return r.hold("SELECT pg_advisory_xact_lock(4711)")
		},
		seen: func(r *rig, _ *program) bool { return r.blocked() > 0 },
	}
}

// slowCommit makes every COMMIT that moves a checkpoint wait for who holds lock 4711.
const slowCommit = `
CREATE OR REPLACE FUNCTION wait_a_moment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock_shared(4711);
	RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS wait_a_moment ON source_totals;
CREATE CONSTRAINT TRIGGER wait_a_moment AFTER UPDATE ON source_totals
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_a_moment()`

// tables are those that every page writes to.
var tables = []string{"etl_runs", "raw_records", "records", "latest_records", "source_days", "checkpoints", "source_totals"}

// anyMoment throws the dice.
func (r *rig) anyMoment() moment {
	switch r.dice.IntN(10) {
	case 0:
		return opened()
	case 1:
		return connected()
	case 2:
		return asked()
	case 3:
		return committing()
	case 4, 5, 6:
		return writing(tables[r.dice.IntN(len(tables))])
	}
	return pages(1 + r.dice.IntN(4))
}

// isBlocked picks the sessions of the program that wait for a lock that a test holds.
const isBlocked = `datname = current_database() AND application_name LIKE 'kasparro%' AND application_name <> 'kasparro test'
	AND pg_blocking_pids(pid) && ARRAY(SELECT pid FROM pg_stat_activity WHERE application_name = 'kasparro test')`

func (r *rig) blocked() int64 {
	return r.number("SELECT count(*) FROM pg_stat_activity WHERE " + isBlocked)
}

// now is the time by the clock of the database.
func (r *rig) now() string { return r.read("SELECT clock_timestamp()::text") }

// sessionsSince is how many sessions that are not the tests' own have begun since then and go on.
func (r *rig) sessionsSince(then string) int64 {
	return r.number(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
		AND application_name IN ('kasparro ingest', 'kasparro migrate') AND backend_start > ?::timestamptz`, then)
}
