package chaos_test

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A process that was stopped for so long that its run was taken over finds out, and writes nothing more.
func TestZombie(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	try(t, "SIGSTOP past three heartbeats, then SIGCONT", func() {
		r.stall("coingecko", 1)
		p := r.start("ingest", "coingecko")
		r.awaitStalled(p)
		p.signal(syscall.SIGSTOP)
		r.awaitSilence()
		require.EqualValues(t, 1, r.number("SELECT pages FROM etl_runs WHERE status = 'running'"))
		r.ingest("coingecko") // the other run, at once and in one go
		before := r.read(everything)
		p.signal(syscall.SIGCONT)
		r.sim.ClearFaults() // its answer comes
		require.NotZero(t, p.wait())
		require.Contains(t, p.out.String()+p.log.String(), "closed by someone else")
		require.Equal(t, before, r.read(everything), "the zombie has written")
		r.ingest("csv")
		r.sound()
	})
}

// A process that was stopped in the middle of a page does not keep others from its source for ever.
func TestZombieWithinATransaction(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	try(t, "SIGSTOP within a transaction, then SIGCONT", func() {
		m := writing("records")
		release := m.arm(r)
		p := r.start("ingest", "csv")
		await(t, m.name, func() bool { return m.seen(r, p) })
		p.signal(syscall.SIGSTOP)
		release()
		r.awaitSilence()
		await(t, "another process to take the source over", func() bool {
			other := r.start("ingest", "csv", "--json")
			return other.wait() == 0
		})
		before := r.read(everything)
		p.signal(syscall.SIGCONT)
		require.NotZero(t, p.wait())
		require.Equal(t, before, r.read(everything), "the zombie has written")
		r.sound()
	})
}

// awaitSilence returns when no run has told for three beats that it lives.
func (r *rig) awaitSilence() {
	r.t.Helper()
	await(r.t, "three heartbeats without a word", func() bool {
		return r.number("SELECT count(*) FROM etl_runs WHERE status = 'running' AND heartbeat_at > now() - interval '15 seconds'") == 0
	})
}

// everything is a digest of all that ingestion writes.
const everything = `SELECT md5(string_agg(line, '|')) FROM (
	SELECT r::text AS line FROM records r UNION ALL SELECT w::text FROM raw_records w UNION ALL SELECT e::text FROM etl_runs e
	UNION ALL SELECT c::text FROM checkpoints c UNION ALL SELECT t::text FROM source_totals t ORDER BY line) lines`
