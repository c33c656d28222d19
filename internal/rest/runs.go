package rest

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kasparro/kasparro/internal/market"
)

// runRow is a run.
type runRow struct {
	RunID      string     `json:"run_id"`
	Source     string     `json:"source"`
	Trigger    string     `json:"trigger" enum:"schedule,startup,manual"`
	Status     string     `json:"status" enum:"running,succeeded,partial,interrupted,failed,abandoned"`
	StartedAt  time.Time  `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at" doc:"null while it runs"`
	DurationMS *int64     `json:"duration_ms" doc:"null while it runs"`
	Extracted  int64      `json:"extracted" doc:"Items that the source yielded"`
	Inserted   int64      `json:"inserted" doc:"New records"`
	Updated    int64      `json:"updated" doc:"Records that the source has changed since"`
	Unchanged  int64      `json:"unchanged" doc:"Items stored before"`
	Rejected   int64      `json:"rejected" doc:"Items in quarantine"`
	Error      *string    `json:"error"`
}

func newRunRows(runs []market.Run) []runRow {
	rows := make([]runRow, len(runs))
	for i, r := range runs {
		rows[i] = newRunRow(r)
	}
	return rows
}

func newRunRow(r market.Run) runRow {
	row := runRow{
		RunID: market.GlobalID(market.IDRun, r.ID), Source: r.Source,
		Trigger: strings.ToLower(string(r.Trigger)), Status: runStatus(&r),
		StartedAt: r.StartedAt.UTC(), FinishedAt: utc(r.FinishedAt),
		Extracted: r.Extracted, Inserted: r.Inserted, Updated: r.Updated, Unchanged: r.Unchanged,
		Rejected: r.Rejected, Error: orNull(r.Error),
	}
	if r.FinishedAt != nil {
		took := r.Duration(*r.FinishedAt)
		row.DurationMS = millis(&took)
	}
	return row
}

// runsInput is the query of /runs.
type runsInput struct {
	Limit  int      `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many of the newest runs"`
	Source []string `query:"source,explode" doc:"Only these sources: separated by commas, or repeated"`

	filter market.RunFilter
}

// Resolve reads the list of sources.
func (in *runsInput) Resolve(ctx huma.Context) []error {
	u := ctx.URL()
	sources, err := names(u.Query(), "source")
	if err != nil {
		return []error{err}
	}
	in.filter.Sources = sources
	return nil
}

type runsOutput struct{ Body runsBody }

type runsBody struct {
	Meta
	Runs []runRow `json:"runs" nullable:"false"`
}

func (s *service) runs(ctx context.Context, in *runsInput) (*runsOutput, error) {
	started := time.Now()
	if err := s.checkSources(ctx, in.filter.Sources); err != nil {
		return nil, err
	}
	page, err := s.Reader.Runs(ctx, in.filter, market.Window[int64]{Size: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &runsOutput{Body: runsBody{Runs: newRunRows(page.Items)}}
	out.Body.Meta = newMeta(ctx, started)
	return out, nil
}

// runStatus is the status in the words of REST.
func runStatus(r *market.Run) string {
	if r == nil {
		return "never_run"
	}
	return strings.ToLower(string(r.Status))
}

// lastMoment is when the run ended, or began where it goes on; nil without a run.
func lastMoment(r *market.Run) *time.Time {
	if r == nil {
		return nil
	}
	if r.FinishedAt != nil {
		return utc(r.FinishedAt)
	}
	return utc(&r.StartedAt)
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	in := t.UTC()
	return &in
}

func millis(d *time.Duration) *int64 {
	if d == nil {
		return nil
	}
	n := d.Milliseconds()
	return &n
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
