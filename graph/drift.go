package graph

import (
	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

// maxDriftsOfRun is how many drifts a run lists at most. An upstream that makes up the names of its
// fields has thousands.
const maxDriftsOfRun = 100

func driftRun(d *model.Drift) int64 { return d.RunID }

// driftFilter checks the filter and reads the run's id.
func (r *Resolver) driftFilter(given *model.DriftFilter) (market.DriftFilter, error) {
	g := orZero(given)
	f := market.DriftFilter{Sources: g.Source, Kinds: g.Kind}
	run, err := runNumber(g.Run)
	if err != nil {
		return f, err
	}
	if run != nil {
		f.RunIDs = []int64{*run}
	}
	return f, r.checkSources(f.Sources...)
}
