package chaos_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Of two runs of one source one runs, and the other says that it does.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	try(t, "two runs of one source at once", func() {
		r.stall("coingecko", 1)
		first := r.start("ingest", "coingecko")
		r.awaitStalled(first)
		second := r.start("ingest", "coingecko")
		require.NotZero(t, second.wait())
		require.Contains(t, second.out.String()+second.log.String(), "a run of this source is going on")
		r.sim.ClearFaults()
		require.Zero(t, first.wait(), "%s\n%s", &first.out, &first.log)
		require.EqualValues(t, 1, r.number("SELECT count(*) FROM etl_runs"))
		r.ingest("csv")
		r.sound()
	})
}

// Two transactions that wait for each other: the server takes ours back, and it is made again.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.exec(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''3s''', current_database()); END $$`)
	try(t, "deadlock with another transaction (40P01)", func() {
		s := r.session()
		s.do("SET LOCAL deadlock_timeout = '10min'") // so that it is ours that is taken back
		s.do("LOCK TABLE records IN SHARE MODE")
		p := r.start("ingest", "csv")
		await(t, "a page that waits", func() bool { return r.blocked() > 0 })
		s.do("SELECT FROM etl_runs FOR UPDATE")
		s.end()
		require.Zero(t, p.wait(), "%s\n%s", &p.out, &p.log)
		require.Contains(t, p.log.String(), "40P01")
		r.sound()
	})
}

// A transaction that the server cannot put in a row with another is made again.
func TestSerialization(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ingest("csv")
	r.moveOn()
	r.exec(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = ''repeatable read''', current_database()); END $$`)
	try(t, "serialization failure (40001)", func() {
		s := r.session()
		s.do("UPDATE checkpoints SET updated_at = now()")
		p := r.start("ingest", "csv")
		await(t, "a page that waits", func() bool { return r.blocked() > 0 })
		s.commit()
		require.Zero(t, p.wait(), "%s\n%s", &p.out, &p.log)
		require.Contains(t, p.log.String(), "40001")
		r.sound()
	})
}
