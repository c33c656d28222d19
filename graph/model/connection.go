package model

import "context"

// Connection is a page of a list, as the Relay connection specification has it.
type Connection[T any] struct {
	Nodes []*T
	PageFlags
	AppendCursor func(b []byte, node *T) []byte           // appends the cursor of a node of this page
	Count        func(ctx context.Context) (int64, error) // the rows of the whole list
}

// PageFlags tell whether there is more on either side of a page.
type PageFlags struct {
	HasNext     bool
	HasPrevious bool
}

// The connections of the schema.
type (
	// AssetConnection is a page of assets.
	AssetConnection = Connection[Asset]
	// RecordConnection is a page of records.
	RecordConnection = Connection[Record]
	// EtlRunConnection is a page of runs.
	EtlRunConnection = Connection[EtlRun]
	// RejectionConnection is a page of rejections.
	RejectionConnection = Connection[Rejection]
	// DriftConnection is a page of drifts.
	DriftConnection = Connection[Drift]
	// MatchCandidateConnection is a page of candidates.
	MatchCandidateConnection = Connection[MatchCandidate]
	// MatchChangeConnection is a page of changes of match.
	MatchChangeConnection = Connection[MatchChange]
	// APIKeyConnection is a page of keys.
	APIKeyConnection = Connection[APIKey]
	// AuditLogEntryConnection is a page of the audit log.
	AuditLogEntryConnection = Connection[AuditLogEntry]
)

// Edge is a node and where it stands in its list.
type Edge[T any] struct {
	Node   *T
	cursor func([]byte, *T) []byte
}

// The edges of the schema.
type (
	// AssetEdge is an asset in a list.
	AssetEdge = Edge[Asset]
	// RecordEdge is a record in a list.
	RecordEdge = Edge[Record]
	// EtlRunEdge is a run in a list.
	EtlRunEdge = Edge[EtlRun]
	// RejectionEdge is a rejection in a list.
	RejectionEdge = Edge[Rejection]
	// DriftEdge is a drift in a list.
	DriftEdge = Edge[Drift]
	// MatchCandidateEdge is a candidate in a list.
	MatchCandidateEdge = Edge[MatchCandidate]
	// MatchChangeEdge is a change of match in a list.
	MatchChangeEdge = Edge[MatchChange]
	// APIKeyEdge is a key in a list.
	APIKeyEdge = Edge[APIKey]
	// AuditLogEntryEdge is an entry of the audit log in a list.
	AuditLogEntryEdge = Edge[AuditLogEntry]
)

// Cursor is made when it is asked for only: most clients need that of the last edge alone.
func (e *Edge[T]) Cursor() string { return string(e.AppendCursor(nil)) }

// AppendCursor appends it to a text.
func (e *Edge[T]) AppendCursor(b []byte) []byte { return e.cursor(b, e.Node) }

// PageInfo says what lies around a page. Cursors are nil on an empty page.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// Edges are the nodes with their cursors.
func (c *Connection[T]) Edges() []*Edge[T] {
	edges, all := make([]*Edge[T], len(c.Nodes)), make([]Edge[T], len(c.Nodes))
	for i, node := range c.Nodes {
		all[i] = Edge[T]{Node: node, cursor: c.AppendCursor}
		edges[i] = &all[i]
	}
	return edges
}

// PageInfo says what lies around the page.
func (c *Connection[T]) PageInfo() *PageInfo {
	info := &PageInfo{HasNextPage: c.HasNext, HasPreviousPage: c.HasPrevious}
	if n := len(c.Nodes); n > 0 {
		start, end := string(c.AppendCursor(nil, c.Nodes[0])), string(c.AppendCursor(nil, c.Nodes[n-1]))
		info.StartCursor, info.EndCursor = &start, &end
	}
	return info
}

// TotalCount counts the whole list.
func (c *Connection[T]) TotalCount(ctx context.Context) (int64, error) { return c.Count(ctx) }
