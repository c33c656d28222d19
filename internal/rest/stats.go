package rest

import (
	"context"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// recentRuns is how many runs /stats lists.
const recentRuns = 10

type statsOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         statsBody
}

type statsBody struct {
	Meta
	TotalRecords     int64         `json:"total_records" doc:"Records held now, of all sources"`
	LastRunStatus    string        `json:"last_run_status" doc:"never_run before the first run"`
	LastRunTimestamp *time.Time    `json:"last_run_timestamp" doc:"When the newest run ended, or began if it goes on; UTC"`
	Sources          []sourceStats `json:"sources" nullable:"false"`
	RecentRuns       []runRow      `json:"recent_runs" nullable:"false"`
}

type sourceStats struct {
	Source            string     `json:"source"`
	TotalRecords      int64      `json:"total_records" doc:"Records held now"`
	RecordsProcessed  int64      `json:"records_processed" doc:"Items extracted over all runs"`
	TotalRuns         int64      `json:"total_runs" doc:"Runs that ended"`
	SucceededRuns     int64      `json:"succeeded_runs"`
	FailedRuns        int64      `json:"failed_runs" doc:"Runs that failed, in part or whole, or were abandoned"`
	LastSuccessAt     *time.Time `json:"last_success_at"`
	LastFailureAt     *time.Time `json:"last_failure_at"`
	LastDurationMS    *int64     `json:"last_duration_ms"`
	AverageDurationMS *int64     `json:"average_duration_ms"`
}

func (s *service) stats(ctx context.Context, _ *struct{}) (*statsOutput, error) {
	started := time.Now()
	states, err := s.Reader.SourceStates(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.Reader.Runs(ctx, market.RunFilter{}, market.Window[int64]{Size: recentRuns})
	if err != nil {
		return nil, err
	}
	recent, err := s.runRows(ctx, page.Items)
	if err != nil {
		return nil, err
	}
	var newest *market.Run
	if len(page.Items) > 0 {
		newest = &page.Items[0]
	}
	out := &statsOutput{CacheControl: untilTheDataChanges, Body: statsBody{
		LastRunStatus: runStatus(newest), LastRunTimestamp: lastMoment(newest),
		Sources: make([]sourceStats, len(states)), RecentRuns: recent,
	}}
	for i, state := range states {
		out.Body.TotalRecords += state.RecordCount
		out.Body.Sources[i] = newSourceStats(state)
	}
	out.Body.Meta = newMeta(ctx, started)
	return out, nil
}

func newSourceStats(state market.SourceState) sourceStats {
	return sourceStats{
		Source: state.Name, TotalRecords: state.RecordCount, RecordsProcessed: state.RecordsProcessed,
		TotalRuns: state.TotalRuns, SucceededRuns: state.SucceededRuns, FailedRuns: state.FailedRuns,
		LastSuccessAt: utc(state.LastSuccessAt), LastFailureAt: utc(state.LastFailureAt),
		LastDurationMS: millis(state.LastDuration), AverageDurationMS: millis(state.AverageDuration),
	}
}
