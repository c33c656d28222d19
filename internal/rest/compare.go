package rest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// compareInput is the query of /compare-runs.
type compareInput struct {
	Run1 string `query:"run1" required:"true" doc:"run_id of the run to compare with" example:"run_1"`
	Run2 string `query:"run2" required:"true" doc:"run_id of the run to compare" example:"run_2"`
}

type compareOutput struct{ Body compareBody }

type compareBody struct {
	Meta
	Run1       runRow     `json:"run1"`
	Run2       runRow     `json:"run2"`
	Difference difference `json:"difference" doc:"run2 less run1, figure by figure"`
	Anomalies  anomalies  `json:"anomalies" doc:"What was odd about each run when it was made"`
}

type difference struct {
	DurationMS *int64 `json:"duration_ms" doc:"null while either of them runs"`
	Extracted  int64  `json:"extracted"`
	Inserted   int64  `json:"inserted"`
	Updated    int64  `json:"updated"`
	Unchanged  int64  `json:"unchanged"`
	Rejected   int64  `json:"rejected"`

	Coins        int64 `json:"coins"`
	Pages        int64 `json:"pages"`
	Retries      int64 `json:"retries"`
	Waits        int64 `json:"waits"`
	WaitedMS     int64 `json:"waited_ms"`
	BytesFetched int64 `json:"bytes_fetched"`
}

type anomalies struct {
	Run1 []string `json:"run1" nullable:"false"`
	Run2 []string `json:"run2" nullable:"false"`
}

func (s *service) compareRuns(ctx context.Context, in *compareInput) (*compareOutput, error) {
	started := time.Now()
	runs, err := s.runsByGlobalID(ctx, in)
	if err != nil {
		return nil, err
	}
	rows, err := s.runRows(ctx, runs[:])
	if err != nil {
		return nil, err
	}
	out := &compareOutput{Body: compareBody{
		Run1: rows[0], Run2: rows[1], Difference: subtract(rows[1], rows[0]),
		Anomalies: anomalies{Run1: rows[0].Anomalies, Run2: rows[1].Anomalies},
	}}
	out.Body.Meta = newMeta(ctx, started)
	return out, nil
}

// runsByGlobalID returns the two runs in the order of the query.
func (s *service) runsByGlobalID(ctx context.Context, in *compareInput) (runs [2]market.Run, err error) {
	given := [2]struct{ name, id string }{{"run1", in.Run1}, {"run2", in.Run2}}
	var ids [2]int64
	var errs []error
	for i, g := range given {
		if ids[i], err = market.ParseGlobalID(market.IDRun, g.id); err != nil {
			errs = append(errs, wrong(g.name, g.id, "expected a run_id like run_1"))
		}
	}
	if len(errs) > 0 {
		return runs, invalid(errs...)
	}
	found, err := s.Reader.RunsByID(ctx, ids[:])
	if err != nil {
		return runs, err
	}
	byID := make(map[int64]market.Run, len(found))
	for _, r := range found {
		byID[r.ID] = r
	}
	for i, id := range ids {
		run, ok := byID[id]
		if !ok {
			return runs, newProblem(http.StatusNotFound, fmt.Sprintf("%s: there is no run %s", given[i].name, given[i].id))
		}
		runs[i] = run
	}
	return runs, nil
}

func subtract(a, b runRow) difference {
	d := difference{
		Extracted: a.Extracted - b.Extracted, Inserted: a.Inserted - b.Inserted, Updated: a.Updated - b.Updated,
		Unchanged: a.Unchanged - b.Unchanged, Rejected: a.Rejected - b.Rejected,
		Coins: a.Coins - b.Coins, Pages: a.Pages - b.Pages, Retries: a.Retries - b.Retries,
		Waits: a.Waits - b.Waits, WaitedMS: a.WaitedMS - b.WaitedMS, BytesFetched: a.BytesFetched - b.BytesFetched,
	}
	if a.DurationMS != nil && b.DurationMS != nil {
		n := *a.DurationMS - *b.DurationMS
		d.DurationMS = &n
	}
	return d
}

// orNone makes of no list an empty one, which JSON tells apart.
func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
