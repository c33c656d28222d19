package chaos_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// After a run through a bad line comes one through a good one, which may find the dead of the first.
func (r *rig) recovers(l *line) {
	r.t.Helper()
	l.heal()
	r.age()
	r.ingest("csv")
	r.sound()
}

// Wherever in a run the line is cut, to the server or back, nothing is lost or stored twice: in the
// middle of COPY, before COMMIT, and after it, when only its answer is lost.
func TestLineCutAnywhere(t *testing.T) {
	t.Parallel()
	r, l := newLinedRig(t)
	r.ingest("csv") // which makes everything known that is asked for only once
	for _, way := range []struct {
		name, stream string
		passed       func() int64
	}{
		{"to", "upstream", l.up.Load},
		{"from", "downstream", l.down.Load},
	} {
		before := way.passed()
		r.moveOn()
		r.ingest("csv")
		whole := way.passed() - before
		for range max(2, *rounds/2) {
			try(t, "connection "+way.name+" the database cut after some bytes", func() {
				r.moveOn()
				ended := l.cut.Load()
				l.poison("limit_data", way.stream, map[string]int{"bytes": 1 + r.dice.IntN(int(whole))})
				p := r.start("ingest", "csv")
				await(t, "the cut", func() bool { return l.cut.Load() > ended || p.ended() })
				l.heal() // connections that are still whole stay so
				p.wait()
				r.recovers(l)
			})
		}
	}
}

// The answer to COMMIT is lost for sure: the page is there, and the run finds that out.
func TestAnswerToCommitLost(t *testing.T) {
	t.Parallel()
	r, l := newLinedRig(t)
	try(t, "answer to COMMIT lost", func() {
		m := committing()
		release := m.arm(r)
		p := r.start("ingest", "csv")
		await(t, m.name, func() bool { return m.seen(r, p) })
		l.poison("timeout", "downstream", map[string]int{"timeout": 0}) // swallows the answer
		release()
		await(t, "the page to be there", func() bool { return r.number("SELECT count(*) FROM records") > 0 })
		l.heal() // which closes what has swallowed something
		require.Zero(t, p.wait(), "%s\n%s", &p.out, &p.log)
		require.EqualValues(t, 1, r.number("SELECT count(*) FROM etl_runs WHERE status = 'succeeded'"))
		r.sound()
	})
}

// A line that goes silent in the middle of a page is given up, and the run goes on over another.
func TestSilentLine(t *testing.T) {
	t.Parallel()
	r, l := newLinedRig(t)
	try(t, "line to the database gone silent", func() {
		m := writing("records")
		release := m.arm(r)
		p := r.start("ingest", "csv")
		await(t, m.name, func() bool { return m.seen(r, p) })
		l.poison("timeout", "downstream", map[string]int{"timeout": 0})
		release()
		await(t, "a line that is given up", func() bool { return l.cut.Load() > 0 })
		l.heal()
		p.wait()
		r.recovers(l)
	})
}

// On a slow line everything takes longer and nothing else happens.
func TestSlowLine(t *testing.T) {
	t.Parallel()
	for _, slow := range []struct {
		name, toxic string
		attributes  map[string]int
	}{
		{"500 ms latency to the database", "latency", map[string]int{"latency": 500}},
		{"32 kB/s to the database", "bandwidth", map[string]int{"rate": 32}},
	} {
		t.Run(slow.toxic, func(t *testing.T) {
			t.Parallel()
			r, l := newLinedRig(t)
			try(t, slow.name, func() {
				l.poison(slow.toxic, "downstream", slow.attributes)
				r.ingest("csv")
				r.sound()
			})
		})
	}
}

