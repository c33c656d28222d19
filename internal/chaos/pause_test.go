package chaos_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/simulator"
)

// The database is restarted while a run waits for the time that the upstream has named: the request is
// made when there is a database again to be asked for leave.
func TestDatabaseRestartedWhileARequestWaits(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := newRigOn(t, s.URL("kasparro"))
	r.ingest()
	for n := range max(1, *rounds/10) {
		try(t, "database restarted while a request waits", func() {
			r.moveOn()
			p := r.waiting()
			begun, away := time.Now(), 3*time.Second // so that the request is due before the database is back
			if n%2 == 1 {
				away = 0
			}
			if r.dice.IntN(2) == 0 {
				s.down()
			} else {
				s.crash()
			}
			await(t, "the end of the pause", func() bool { return time.Since(begun) >= away })
			require.False(t, p.ended(), "%s\n%s", &p.out, &p.log)
			s.up()
			r.reopen(s)
			require.Zero(t, p.wait(), "%s\n%s", &p.out, &p.log)
			require.Equal(t, "succeeded", r.read("SELECT status FROM etl_runs ORDER BY id DESC LIMIT 1"))
			r.ingest()
			r.sound()
		})
	}
}

// waiting starts a run and returns when it has stored a page and waits for two seconds to ask for the next.
func (r *rig) waiting() *program {
	r.t.Helper()
	before := r.asked()
	require.NoError(r.t, r.sim.Misbehave(simulator.Fault{Upstream: "coingecko", Kind: "rate_limit", RetryAfter: "2", After: 1}))
	p := r.start("ingest", "coingecko", "--json")
	await(r.t, "a refusal", func() bool {
		require.False(r.t, p.ended(), "%s\n%s", &p.out, &p.log)
		return slices.Contains(faultsOf(r.answers()[before:]), "rate_limit")
	})
	return p
}
