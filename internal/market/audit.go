package market

import (
	"context"
	"time"
)

// Actor is who acts, and from where.
type Actor struct {
	Name    string // the id of a key, the variable that holds it, or a user of the command line
	Address string // IP address, or the host of a command line; empty where it is not known
}

type actorKey struct{}

// WithActor returns a context whose changes are noted in the audit log under the actor's name.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf returns who acts. There is nobody where the service does something of its own accord.
func ActorOf(ctx context.Context) (a Actor, known bool) {
	a, known = ctx.Value(actorKey{}).(Actor)
	return a, known
}

// AuditAction is what was done.
type AuditAction string

// Actions in the audit log.
const (
	AuditKeyCreated        AuditAction = "API_KEY_CREATED"
	AuditKeyRevoked        AuditAction = "API_KEY_REVOKED"
	AuditRunStarted        AuditAction = "ETL_RUN_STARTED"
	AuditRejectionsRetried AuditAction = "REJECTIONS_RETRIED"
	AuditListingLinked     AuditAction = "LISTING_LINKED"
	AuditListingUnlinked   AuditAction = "LISTING_UNLINKED"
	AuditListingReleased   AuditAction = "LISTING_RELEASED"
)

// AuditEntry is one thing that was done, by whom, when and from where. It is stored in the transaction that did it.
type AuditEntry struct {
	ID        int64
	CreatedAt time.Time
	Actor     Actor
	Action    AuditAction
	Target    string // the global id of what it was done to
	Detail    string // more of it, in words; empty for none
	RequestID string // empty on the command line
}

// AuditFilter narrows the audit log, which is listed newest first. In each list nil means any.
type AuditFilter struct {
	Actors  []string // by name
	Actions []AuditAction
}
