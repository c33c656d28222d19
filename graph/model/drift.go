package model

import "github.com/kasparro/kasparro/internal/market"

// Drift is a drift among those it was read with.
type Drift struct {
	market.Drift
	Group *Group[Drift]
}

// NewDrifts wraps drifts that were read together.
func NewDrifts(rows []market.Drift) []*Drift {
	return grouped(rows, func(d *market.Drift, g *Group[Drift]) Drift { return Drift{*d, g} })
}

// GlobalID is the drift's id in the API.
func (d *Drift) GlobalID() string { return market.GlobalID(market.IDDrift, d.ID) }

// Part is nil where the upstream is all one.
func (d *Drift) Part() *string { return textOrNil(d.Drift.Part) }

// Expected is nil for a new path.
func (d *Drift) Expected() *string { return textOrNil(d.Drift.Expected) }

// Seen is nil for a missing path.
func (d *Drift) Seen() *string { return textOrNil(d.Drift.Seen) }

// RenameCandidate is nil where there is none.
func (d *Drift) RenameCandidate() *string { return textOrNil(d.Drift.RenameCandidate) }

// Confidence is in the RenameCandidate, nil where there is none.
func (d *Drift) Confidence() *float64 {
	if d.Drift.RenameCandidate == "" {
		return nil
	}
	return &d.Drift.Confidence
}
