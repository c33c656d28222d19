package model

import "github.com/kasparro/kasparro/internal/market"

// AssetFilter narrows assets. MinSources is nil where any number will do.
type AssetFilter struct {
	Slug       []string
	Symbol     []string
	Source     []string
	Name       *string
	MinSources *int32
}

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
