package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// stateRow is a source with its totals and the ids of its newest run and newest ended run.
type stateRow struct {
	ID             int16
	Name           string
	Kind           string
	RecordCount    int64
	ItemsExtracted int64
	EndedRuns      int64
	SucceededRuns  int64
	FailedRuns     int64
	DurationMS     int64
	LastSuccessAt  *time.Time
	LastFailureAt  *time.Time
	LastRunID      *int64
	LastEndedID    *int64
}

// SourceStates implements market.Reader.
func (s *Store) SourceStates(ctx context.Context) ([]market.SourceState, error) {
	var rows []stateRow
	err := s.db.NewRaw(`SELECT s.id, s.name, s.kind, t.record_count, t.items_extracted, t.ended_runs,
			t.succeeded_runs, t.failed_runs, t.duration_ms AS duration_ms, t.last_success_at, t.last_failure_at,
			(SELECT max(id) FROM etl_runs WHERE source_id = s.id AND stream = '') AS last_run_id,
			(SELECT id FROM etl_runs WHERE source_id = s.id AND stream = '' AND status <> 'running'
				ORDER BY id DESC LIMIT 1) AS last_ended_id
		FROM sources s JOIN source_totals t ON t.source_id = s.id ORDER BY s.name`).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read sources: %w", unavailable(err))
	}
	runs, err := s.runsOfStates(ctx, rows)
	if err != nil {
		return nil, err
	}
	states := make([]market.SourceState, len(rows))
	for i, r := range rows {
		states[i] = r.state(runs)
	}
	return states, nil
}

func (s *Store) runsOfStates(ctx context.Context, rows []stateRow) (map[int64]market.Run, error) {
	var ids []int64
	for _, r := range rows {
		for _, id := range []*int64{r.LastRunID, r.LastEndedID} {
			if id != nil {
				ids = append(ids, *id)
			}
		}
	}
	runs, err := s.RunsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]market.Run, len(runs))
	for _, r := range runs {
		byID[r.ID] = r
	}
	return byID, nil
}

func (r stateRow) state(runs map[int64]market.Run) market.SourceState {
	state := market.SourceState{
		Source:      market.Source{ID: r.ID, Name: r.Name, Kind: r.Kind},
		RecordCount: r.RecordCount, RecordsProcessed: r.ItemsExtracted, TotalRuns: r.EndedRuns,
		SucceededRuns: r.SucceededRuns, FailedRuns: r.FailedRuns,
		LastSuccessAt: utc(r.LastSuccessAt), LastFailureAt: utc(r.LastFailureAt),
	}
	if r.LastRunID != nil {
		run := runs[*r.LastRunID]
		state.LastRun = &run
	}
	if r.LastEndedID != nil {
		ended := runs[*r.LastEndedID]
		took := ended.Duration(ended.StartedAt)
		state.LastError, state.LastDuration = ended.Error, &took
		average := time.Duration(r.DurationMS/r.EndedRuns) * time.Millisecond
		state.AverageDuration = &average
	}
	return state
}
