package rest

import (
	"context"
	"encoding/json"
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

	Stream       *string         `json:"stream" doc:"What it goes along besides what the source says now: quarantine, or history with its span; null for what the source says now"`
	Coins        int64           `json:"coins" doc:"Different coins that it met"`
	Pages        int64           `json:"pages" doc:"Pages stored"`
	Retries      int64           `json:"retries" doc:"Requests repeated"`
	Waits        int64           `json:"waits" doc:"Times that a request was held back"`
	WaitedMS     int64           `json:"waited_ms" doc:"How long all of these waits took"`
	BytesFetched int64           `json:"bytes_fetched" doc:"After decompression"`
	GoneShare    *float64        `json:"gone_share" doc:"Of the coins known before, the share that it did not meet, from 0 to 1; null unless it read all that the source has"`
	PriceJump    *float64        `json:"price_jump" doc:"The median of how far prices have moved, 0.1 for a tenth up or down; null where none was known before"`
	CursorBefore json.RawMessage `json:"cursor_before" doc:"Where the source was left before it, in the source's own words; null for the beginning"`
	CursorAfter  json.RawMessage `json:"cursor_after" doc:"Where the source is left after it"`
	Anomalies    []string        `json:"anomalies" nullable:"false" doc:"What was unusual about it, a sentence each"`
	Drifts       []driftRow      `json:"drifts" nullable:"false" doc:"What it found changed in the shape of payloads, newest first, at most 100"`
}

func newRunRow(r market.Run, drifts []driftRow) runRow {
	row := runRow{
		RunID: market.GlobalID(market.IDRun, r.ID), Source: r.Source, Trigger: lower(r.Trigger), Status: runStatus(&r),
		StartedAt: r.StartedAt.UTC(), FinishedAt: utc(r.FinishedAt),
		Extracted: r.Extracted, Inserted: r.Inserted, Updated: r.Updated, Unchanged: r.Unchanged,
		Rejected: r.Rejected, Error: orNull(r.Error), Stream: orNull(r.Stream),
		Coins: r.Coins, Pages: r.Pages, Retries: r.Retries, Waits: r.Waits, WaitedMS: r.WaitedMS, BytesFetched: r.BytesFetched,
		GoneShare: r.GoneShare, PriceJump: r.PriceJump,
		CursorBefore: cursorOf(r.CursorBefore), CursorAfter: cursorOf(r.CursorAfter),
		Anomalies: orNone(r.Anomalies), Drifts: orNone(drifts),
	}
	if r.FinishedAt != nil {
		took := r.Duration(*r.FinishedAt)
		row.DurationMS = millis(&took)
	}
	return row
}

// cursorOf is null for the beginning.
func cursorOf(c market.Cursor) json.RawMessage {
	if c == "" {
		return nil
	}
	return json.RawMessage(c)
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

type runsOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         runsBody
}

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
	out := &runsOutput{CacheControl: untilTheDataChanges}
	if out.Body.Runs, err = s.runRows(ctx, page.Items); err != nil {
		return nil, err
	}
	out.Body.Meta = newMeta(ctx, started)
	return out, nil
}

// runStatus is the status in the words of REST.
func runStatus(r *market.Run) string {
	if r == nil {
		return "never_run"
	}
	return lower(r.Status)
}

// lower is a constant's value as REST has it.
func lower[T ~string](value T) string { return strings.ToLower(string(value)) }

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
