package model

import "github.com/kasparro/kasparro/internal/market"

// RejectionFilter narrows rejections; Run is a global id.
type RejectionFilter struct {
	Source   []string
	Reason   []string
	Run      *string
	Resolved *bool
}

// DriftFilter narrows drifts; Run is a global id.
type DriftFilter struct {
	Source []string
	Kind   []market.DriftKind
	Run    *string
}
