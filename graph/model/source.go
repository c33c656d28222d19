package model

import (
	"context"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// Source is how a source stands: behind Source, SourceHealth and SourceStats of the schema.
type Source struct {
	market.SourceHealth
	lastRun *EtlRun
}

// NewSources wraps sources. Their last runs are one group.
func NewSources(rows []market.SourceHealth) []*Source {
	var last []market.Run
	for _, row := range rows {
		if row.LastRun != nil {
			last = append(last, *row.LastRun)
		}
	}
	runs := NewEtlRuns(last)
	sources := make([]*Source, len(rows))
	for i, row := range rows {
		sources[i] = &Source{SourceHealth: row}
		if row.LastRun != nil {
			sources[i].lastRun, runs = runs[0], runs[1:]
		}
	}
	return sources
}

// LastRun is nil before the first.
func (s *Source) LastRun() *EtlRun { return s.lastRun }

// LastStatus is nil before the first run.
func (s *Source) LastStatus() *market.RunStatus {
	if s.SourceHealth.LastRun == nil {
		return nil
	}
	return &s.SourceHealth.LastRun.Status
}

// LastRunAt is when the newest run ended, or began if it goes on; nil before the first.
func (s *Source) LastRunAt() *time.Time {
	run := s.SourceHealth.LastRun
	switch {
	case run == nil:
		return nil
	case run.FinishedAt == nil:
		return &run.StartedAt
	}
	return run.FinishedAt
}

// LastError is nil where the newest ended run succeeded.
func (s *Source) LastError() *string { return textOrNil(s.SourceHealth.LastError) }

// LastDurationMs is of the newest ended run, nil before it.
func (s *Source) LastDurationMs() *int64 { return milliseconds(s.LastDuration) }

// AverageDurationMs is of all ended runs, nil before the first.
func (s *Source) AverageDurationMs() *int64 { return milliseconds(s.AverageDuration) }

func milliseconds(d *time.Duration) *int64 {
	if d == nil {
		return nil
	}
	ms := d.Milliseconds()
	return &ms
}

// Health is how the service stands.
type Health struct {
	Status         market.HealthStatus
	DBConnectivity bool
	LastRun        *EtlRun // nil before the first
	Sources        []*Source
	Version        string
}

// NewHealth wraps a health. connected tells whether the database answers.
func NewHealth(h market.Health, connected bool, version string) *Health {
	return &Health{
		Status:         h.Status,
		DBConnectivity: connected,
		LastRun:        NewEtlRun(h.LastRun),
		Sources:        NewSources(h.Sources),
		Version:        version,
	}
}

// Stats are the figures of the service.
type Stats struct {
	LastRun *EtlRun // nil before the first
	Sources []*Source
	Assets  func(ctx context.Context) (int64, error) // counts them
}

// TotalAssets counts the assets.
func (s *Stats) TotalAssets(ctx context.Context) (int64, error) { return s.Assets(ctx) }

// TotalRecords adds up the records of all sources.
func (s *Stats) TotalRecords() int64 {
	var total int64
	for _, source := range s.Sources {
		total += source.RecordCount
	}
	return total
}

// ServiceConfig is the limits in force.
type ServiceConfig struct {
	DefaultPageSize            int64
	MaxPageSize                int64
	MaxQueryTokens             int64
	MaxQueryDepth              int64
	MaxQueryFields             int64
	MaxQueryAliases            int64
	MaxRootFields              int64
	MaxQueryDirectives         int64
	MaxRepeatedFields          int64
	MaxNameLength              int64
	MaxListItems               int64
	MaxVariableValues          int64
	MaxTextBytes               int64
	MaxDecimalLength           int64
	MaxIntrospectionDepth      int64
	MaxOperationIDBytes        int64
	MaxQueryErrors             int64
	MaxFieldErrors             int64
	MaxPayloadBytes            int64
	MaxQueryCost               int64
	MaxQueryTimeMs             int64 // in milliseconds
	MaxRequestsPerMinute       int64
	MaxConcurrentRequests      int64
	MaxConcurrentCost          int64
	MaxConcurrentSubscriptions int64
	Introspection              bool
	MaxBodyBytes               int32
	ConsensusMaxAgeSeconds     int64 // how old a price in a consensus may be
}
