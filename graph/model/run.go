package model

import (
	"encoding/json"

	"github.com/kasparro/kasparro/internal/market"
)

// EtlRun is a run among those it was read with.
type EtlRun struct {
	market.Run
	Group *Group[EtlRun]
}

// NewEtlRuns wraps runs that were read together.
func NewEtlRuns(rows []market.Run) []*EtlRun {
	return grouped(rows, func(r *market.Run, g *Group[EtlRun]) EtlRun { return EtlRun{*r, g} })
}

// NewEtlRun wraps a run, nil for nil.
func NewEtlRun(run *market.Run) *EtlRun {
	if run == nil {
		return nil
	}
	return NewEtlRuns([]market.Run{*run})[0]
}

// GlobalID is the run's id in the API.
func (r *EtlRun) GlobalID() string { return market.GlobalID(market.IDRun, r.ID) }

// Stream is nil for what the source says now.
func (r *EtlRun) Stream() *string { return textOrNil(r.Run.Stream) }

// WaitedMs is in milliseconds.
func (r *EtlRun) WaitedMs() int64 { return r.WaitedMS }

// DurationMs is in milliseconds, nil while the run goes on.
func (r *EtlRun) DurationMs() *int64 {
	if r.FinishedAt == nil {
		return nil
	}
	ms := r.FinishedAt.Sub(r.StartedAt).Milliseconds()
	return &ms
}

// Failure is one line, nil where there was none.
func (r *EtlRun) Failure() *string { return textOrNil(r.Error) }

// CursorBefore is nil for the beginning.
func (r *EtlRun) CursorBefore() json.RawMessage { return json.RawMessage(r.Run.CursorBefore) }

// CursorAfter is nil for the beginning.
func (r *EtlRun) CursorAfter() json.RawMessage { return json.RawMessage(r.Run.CursorAfter) }

// EtlRunComparison is two runs side by side.
type EtlRunComparison struct {
	Base        *EtlRun
	Head        *EtlRun
	Differences []*FigureDifference
	Anomalies   []string
}

// FigureDifference is one figure of two runs. A figure is nil where its run has none yet.
type FigureDifference struct {
	Figure     string
	Base       *int64
	Head       *int64
	Difference *int64 // head less base, nil where either is
}
