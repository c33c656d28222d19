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
	for _, stream := range []string{"upstream", "downstream"} {
		l.most(stream)
		r.csv.add(3, 200)
		r.ingest("csv")
		whole := l.most(stream)
		for range max(2, *rounds/2) {
			try(t, "connection cut after some bytes "+stream, func() {
				r.csv.add(3, 200)
				limit := 1 + r.dice.Int64N(whole)
				l.poison("limit_data", stream, map[string]int64{"bytes": limit})
				p := r.start("ingest", "csv")
				cut := int64(0)
				await(t, "the cut", func() bool {
					cut = max(cut, l.most(stream))
					return cut >= limit || p.ended()
				})
				l.heal()
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
		l.poison("timeout", "downstream", map[string]int64{"timeout": 0}) // swallows the answer
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
		ended := l.ended.Load()
		l.poison("timeout", "downstream", map[string]int64{"timeout": 0})
		release()
		await(t, "a connection that is given up", func() bool { return l.ended.Load() > ended })
		l.heal()
		p.wait()
		r.recovers(l)
	})
}

// On a slow line everything takes longer and nothing else happens.
func TestSlowLine(t *testing.T) {
	t.Parallel()
	for _, slow := range []struct {
		name, toxic, stream string
		attributes          map[string]int64
	}{
		{"500 ms latency to the database", "latency", "downstream", map[string]int64{"latency": 500}},
		{"16 kB/s to the database", "bandwidth", "upstream", map[string]int64{"rate": 16}},
	} {
		t.Run(slow.toxic, func(t *testing.T) {
			t.Parallel()
			r, l := newLinedRig(t)
			r.ingest("csv")
			r.csv.add(1, 200)
			try(t, slow.name, func() {
				m := writing("raw_records") // in the middle of the page, as a whole one takes half a minute
				if long() {
					m = writing("etl_runs")
				}
				release := m.arm(r)
				p := r.start("ingest", "csv")
				await(t, m.name, func() bool { return m.seen(r, p) })
				l.poison(slow.toxic, slow.stream, slow.attributes)
				release()
				require.Zero(t, p.wait(), "%s\n%s", &p.out, &p.log)
				r.sound()
			})
		})
	}
}
