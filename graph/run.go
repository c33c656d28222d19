package graph

import (
	"context"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

func (r *Resolver) runsByID(ctx context.Context, numbers []int64) (map[int64]*model.EtlRun, error) {
	found, err := r.Reader.RunsByID(ctx, numbers)
	return byNumber(model.NewEtlRuns(found), func(run *model.EtlRun) int64 { return run.ID }), err
}

// rejectionFilter checks the filter and reads the run's id.
func (r *Resolver) rejectionFilter(given *model.RejectionFilter) (market.RejectionFilter, error) {
	g := orZero(given)
	f := market.RejectionFilter{Sources: g.Source, Codes: g.Reason, Resolved: g.Resolved}
	if g.Run != nil {
		number, err := market.ParseGlobalID(market.IDRun, *g.Run)
		if err != nil {
			return f, &market.InputError{Field: "run", Given: *g.Run, Allowed: "the id of an EtlRun"}
		}
		f.RunID = &number
	}
	return f, r.checkSources(f.Sources...)
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
	{"pages", func(r *model.EtlRun) *int64 { return &r.Pages }},
	{"retries", func(r *model.EtlRun) *int64 { return &r.Retries }},
	{"bytesFetched", func(r *model.EtlRun) *int64 { return &r.BytesFetched }},
}
