package graph

import (
	"context"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

func runID(run *model.EtlRun) int64 { return run.ID }

func (r *Resolver) runsByID(ctx context.Context, numbers []int64) (map[int64]*model.EtlRun, error) {
	found, err := r.Reader.RunsByID(ctx, numbers)
	return byNumber(model.NewEtlRuns(found), runID), err
}

// runNumber reads the id of a run in a filter, nil for none.
func runNumber(id *string) (*int64, error) {
	if id == nil {
		return nil, nil
	}
	number, err := market.ParseGlobalID(market.IDRun, *id)
	if err != nil {
		return nil, &market.InputError{Field: "run", Given: *id, Allowed: "the id of an EtlRun"}
	}
	return &number, nil
}

// rejectionFilter checks the filter and reads the run's id.
func (r *Resolver) rejectionFilter(given *model.RejectionFilter) (market.RejectionFilter, error) {
	g := orZero(given)
	run, err := runNumber(g.Run)
	if err != nil {
		return market.RejectionFilter{}, err
	}
	return market.RejectionFilter{Sources: g.Source, Codes: g.Reason, RunID: run, Resolved: g.Resolved}, r.checkSources(g.Source...)
}

// compare sets two runs side by side. The anomalies are those of both, each with its run's part
// in the comparison.
func compare(base, head *model.EtlRun) *model.EtlRunComparison {
	c := &model.EtlRunComparison{Base: base, Head: head, Anomalies: []string{}}
	for _, f := range figures {
		d := &model.FigureDifference{Figure: f.name, Base: f.of(base), Head: f.of(head)}
		if d.Base != nil && d.Head != nil {
			difference := *d.Head - *d.Base
			d.Difference = &difference
		}
		c.Differences = append(c.Differences, d)
	}
	for _, anomaly := range base.Anomalies {
		c.Anomalies = append(c.Anomalies, "base: "+anomaly)
	}
	for _, anomaly := range head.Anomalies {
		c.Anomalies = append(c.Anomalies, "head: "+anomaly)
	}
	return c
}

// figures are the numbers of a run by their names in the schema.
var figures = []struct {
	name string
	of   func(*model.EtlRun) *int64
}{
	{"durationMs", (*model.EtlRun).DurationMs},
	{"extracted", func(r *model.EtlRun) *int64 { return &r.Extracted }},
	{"inserted", func(r *model.EtlRun) *int64 { return &r.Inserted }},
	{"updated", func(r *model.EtlRun) *int64 { return &r.Updated }},
	{"unchanged", func(r *model.EtlRun) *int64 { return &r.Unchanged }},
	{"rejected", func(r *model.EtlRun) *int64 { return &r.Rejected }},
	{"coins", func(r *model.EtlRun) *int64 { return &r.Coins }},
	{"pages", func(r *model.EtlRun) *int64 { return &r.Pages }},
	{"retries", func(r *model.EtlRun) *int64 { return &r.Retries }},
	{"waits", func(r *model.EtlRun) *int64 { return &r.Waits }},
	{"waitedMs", func(r *model.EtlRun) *int64 { return &r.WaitedMS }},
	{"bytesFetched", func(r *model.EtlRun) *int64 { return &r.BytesFetched }},
}
