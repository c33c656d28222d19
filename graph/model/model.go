// Package model holds what the GraphQL schema's types are bound to: the nouns of market, each with
// the rows it was read with, and the shapes that only GraphQL has.
package model

import (
	"github.com/kasparro/kasparro/internal/market"
)

// Node is whatever has a global id: *Asset, *Listing, *Record, *EtlRun, *Rejection, *Drift or *MatchChange.
type Node interface{ GlobalID() string }

// Asset is an asset among those it was read with.
type Asset struct {
	market.Asset
	Group *Group[Asset]
}

// NewAssets wraps assets that were read together.
func NewAssets(rows []market.Asset) []*Asset {
	return grouped(rows, func(a *market.Asset, g *Group[Asset]) Asset { return Asset{*a, g} })
}

// GlobalID is the asset's id in the API.
func (a *Asset) GlobalID() string { return market.GlobalID(market.IDAsset, a.ID) }

// Listing is a listing among those it was read with.
type Listing struct {
	market.Listing
	Group *Group[Listing]
}

// NewListings wraps listings that were read together.
func NewListings(rows []market.Listing) []*Listing {
	return grouped(rows, func(l *market.Listing, g *Group[Listing]) Listing { return Listing{*l, g} })
}

// GlobalID is the listing's id in the API.
func (l *Listing) GlobalID() string { return market.GlobalID(market.IDListing, l.ID) }

// MatchMethod is the evidence for the listing's asset.
func (l *Listing) MatchMethod() market.MatchMethod { return l.Match.Method }

// MatchConfidence is from 0 to 1.
func (l *Listing) MatchConfidence() float64 { return l.Match.Confidence }

// MatchReason is the evidence for people.
func (l *Listing) MatchReason() string { return l.Match.Reason }

// Record is a record among those it was read with.
type Record struct {
	*market.Record // shared with others, and never changed

	Group *Group[Record]
	Added *market.Position // where it stands among all that were added; nil where it was not read as one of them
	Known *market.Asset    // its asset, where that has been read already; otherwise nil
}

// NewRecords wraps records that were read together, and keeps them.
func NewRecords(rows []market.Record) []*Record {
	return grouped(rows, func(r *market.Record, g *Group[Record]) Record { return Record{Record: r, Group: g} })
}

// Apart returns records that many are told of as a group of their own: what hangs on them is read for whoever asked, and for
// no other record.
func Apart(rows []*Record) []*Record {
	return grouped(rows, func(r **Record, g *Group[Record]) Record {
		own := **r
		own.Group = g
		return own
	})
}

// ResumeCursor is nil where the record was not read as one that is being added.
func (r *Record) ResumeCursor() *string {
	if r.Added == nil {
		return nil
	}
	cursor := market.EncodeCursor(market.AdditionScope, *r.Added)
	return &cursor
}

// Rejection is a rejection among those it was read with.
type Rejection struct {
	market.Rejection
	Group *Group[Rejection]
}

// NewRejections wraps rejections that were read together.
func NewRejections(rows []market.Rejection) []*Rejection {
	return grouped(rows, func(r *market.Rejection, g *Group[Rejection]) Rejection { return Rejection{*r, g} })
}

// GlobalID is the rejection's id in the API.
func (r *Rejection) GlobalID() string { return market.GlobalID(market.IDRejection, r.ID) }

// ExternalID is nil where the item has none.
func (r *Rejection) ExternalID() *string { return textOrNil(r.Rejection.ExternalID) }

// Code is the reason for programs.
func (r *Rejection) Code() string { return r.Reason.Code }

// Field is nil where the whole item is at fault.
func (r *Rejection) Field() *string { return textOrNil(r.Reason.Field) }

// Detail is the reason for people.
func (r *Rejection) Detail() string { return r.Reason.Detail }

// textOrNil is nil for the empty text.
func textOrNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
