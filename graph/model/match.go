package model

import "github.com/kasparro/kasparro/internal/market"

// MatchCandidate is two listings that may be one asset. They are in one group with the listings of
// all candidates that it was read with.
type MatchCandidate struct {
	market.MatchCandidate
	Listing *Listing
	Other   *Listing
}

// NewMatchCandidates wraps candidates that were read together.
func NewMatchCandidates(rows []market.MatchCandidate) []*MatchCandidate {
	both := make([]market.Listing, 0, 2*len(rows))
	for _, row := range rows {
		both = append(both, row.Listings[:]...)
	}
	listings := NewListings(both)
	candidates := make([]*MatchCandidate, len(rows))
	for i, row := range rows {
		candidates[i] = &MatchCandidate{row, listings[2*i], listings[2*i+1]}
	}
	return candidates
}

// Method is the strongest evidence for the candidate.
func (c *MatchCandidate) Method() market.MatchMethod { return c.Match.Method }

// Reason is the evidence for people.
func (c *MatchCandidate) Reason() string { return c.Match.Reason }

// MatchChange is a change of mind among those it was read with.
type MatchChange struct {
	market.MatchChange
	Group *Group[MatchChange]
}

// NewMatchChanges wraps changes that were read together.
func NewMatchChanges(rows []market.MatchChange) []*MatchChange {
	return grouped(rows, func(c *market.MatchChange, g *Group[MatchChange]) MatchChange { return MatchChange{*c, g} })
}

// GlobalID is the change's id in the API.
func (c *MatchChange) GlobalID() string { return market.GlobalID(market.IDMatchChange, c.ID) }

// Method is the evidence that decided it.
func (c *MatchChange) Method() market.MatchMethod { return c.Match.Method }

// Confidence is from 0 to 1.
func (c *MatchChange) Confidence() float64 { return c.Match.Confidence }

// Reason is the evidence for people.
func (c *MatchChange) Reason() string { return c.Match.Reason }
