package chaos_test

import (
	"encoding/json"
	"net/http/httptest"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/simulator"
)

// stall makes an upstream hold back its answer behind so many others.
func (r *rig) stall(upstream string, after int) {
	r.t.Helper()
	require.NoError(r.t, r.sim.Misbehave(simulator.Fault{Upstream: upstream, Kind: "stall", After: after}))
}

// awaitStalled returns when an answer is being held back.
func (r *rig) awaitStalled(p *program) {
	r.t.Helper()
	await(r.t, "a request that is held", func() bool {
		require.False(r.t, p.ended(), "%s\n%s", &p.out, &p.log)
		res := httptest.NewRecorder()
		r.sim.ServeHTTP(res, httptest.NewRequest("GET", "/control/faults", nil))
		var doc struct{ Stalled int }
		require.NoError(r.t, json.Unmarshal(res.Body.Bytes(), &doc))
		return doc.Stalled > 0
	})
}
