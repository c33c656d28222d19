package rest

import (
	"context"

	"github.com/kasparro/kasparro/internal/market"
)

// maxDriftsOfRun is how many drifts a run lists at most.
const maxDriftsOfRun = 100

// driftRow is a drift, below the run that met it.
type driftRow struct {
	ID              string   `json:"id"`
	Part            *string  `json:"part" doc:"The part of the upstream, the name of a file; null where the upstream is all one"`
	Path            string   `json:"path" doc:"From the outside in; [] stands for the elements of an array" example:"quotes.USD.price"`
	Kind            string   `json:"kind" enum:"new_path,missing_path,type_changed"`
	Expected        *string  `json:"expected" doc:"The types until then; null for a new path" example:"null|number"`
	Seen            *string  `json:"seen" doc:"The types now; null for a missing path"`
	RenameCandidate *string  `json:"rename_candidate" doc:"The new path that a missing one has probably become"`
	Confidence      *float64 `json:"confidence" doc:"In rename_candidate, from 0 to 1; null where there is none"`
}

func newDriftRow(d market.Drift) driftRow {
	row := driftRow{
		ID: market.GlobalID(market.IDDrift, d.ID), Part: orNull(d.Part), Path: d.Path, Kind: lower(d.Kind),
		Expected: orNull(d.Expected), Seen: orNull(d.Seen), RenameCandidate: orNull(d.RenameCandidate),
	}
	if d.RenameCandidate != "" {
		row.Confidence = &d.Confidence
	}
	return row
}

// runRows makes rows of runs. The drifts of all of them are read at once.
func (s *service) runRows(ctx context.Context, runs []market.Run) ([]runRow, error) {
	ids := make([]int64, len(runs))
	for i, r := range runs {
		ids[i] = r.ID
	}
	drifts, err := s.Reader.DriftsOf(ctx, ids, maxDriftsOfRun)
	if err != nil {
		return nil, err
	}
	ofRun := make(map[int64][]driftRow, len(runs))
	for _, d := range drifts {
		ofRun[d.RunID] = append(ofRun[d.RunID], newDriftRow(d))
	}
	rows := make([]runRow, len(runs))
	for i, r := range runs {
		rows[i] = newRunRow(r, ofRun[r.ID])
	}
	return rows, nil
}
