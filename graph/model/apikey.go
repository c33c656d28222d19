package model

import "github.com/kasparro/kasparro/internal/market"

// APIKey is a key as it is kept. It is no Node: none but administrators see it.
type APIKey struct{ market.APIKey }

// NewAPIKeys wraps keys.
func NewAPIKeys(rows []market.APIKey) []*APIKey {
	return each(rows, func(k market.APIKey) APIKey { return APIKey{k} })
}

// CreateAPIKeyPayload is a key that was made.
type CreateAPIKeyPayload struct {
	Key    string // the key itself
	APIKey *APIKey
}

// AuditLogEntry is something that was done. It is no Node, as APIKey is none.
type AuditLogEntry struct{ market.AuditEntry }

// NewAuditLog wraps entries.
func NewAuditLog(rows []market.AuditEntry) []*AuditLogEntry {
	return each(rows, func(e market.AuditEntry) AuditLogEntry { return AuditLogEntry{e} })
}

// GlobalID is the entry's id in the API.
func (e *AuditLogEntry) GlobalID() string { return market.GlobalID(market.IDAuditEntry, e.ID) }

// Actor is who did it.
func (e *AuditLogEntry) Actor() string { return e.AuditEntry.Actor.Name }

// Address is nil where it is not known.
func (e *AuditLogEntry) Address() *string { return textOrNil(e.AuditEntry.Actor.Address) }

// RequestID is nil on the command line.
func (e *AuditLogEntry) RequestID() *string { return textOrNil(e.AuditEntry.RequestID) }

// Detail is nil where there is no more to say.
func (e *AuditLogEntry) Detail() *string { return textOrNil(e.AuditEntry.Detail) }

// each wraps rows that share nothing.
func each[R, T any](rows []R, wrap func(R) T) []*T {
	list := make([]*T, len(rows))
	for i, row := range rows {
		wrapped := wrap(row)
		list[i] = &wrapped
	}
	return list
}
