package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// counted is what the ledger and the records themselves say of a source.
type counted struct {
	Name                             string
	Ended, Succeeded, Failed         int64
	DurationMs                       int64
	LastSuccessAt, LastFailureAt     *time.Time
	LastID, LastEndedID              *int64
	Records, Extracted, RecordsAdded int64
}

// requireTotals checks the maintained figures against the ledger and the records.
func requireTotals(t *testing.T, s *postgres.Store, db *bun.DB) {
	t.Helper()
	var want []counted
	require.NoError(t, db.NewRaw(`SELECT s.name, count(r.finished_at) AS ended,
			count(*) FILTER (WHERE r.status = 'succeeded') AS succeeded,
			count(*) FILTER (WHERE r.status IN ('failed', 'partial', 'abandoned')) AS failed,
			coalesce(sum(floor(extract(epoch FROM r.finished_at - r.started_at) * 1000)), 0)::bigint AS duration_ms,
			max(r.finished_at) FILTER (WHERE r.stream = '' AND r.status = 'succeeded') AS last_success_at,
			max(r.finished_at) FILTER (WHERE r.stream = '' AND r.status IN ('failed', 'partial', 'abandoned')) AS last_failure_at,
			max(r.id) FILTER (WHERE r.stream = '') AS last_id,
			max(r.id) FILTER (WHERE r.stream = '' AND r.finished_at IS NOT NULL) AS last_ended_id,
			(SELECT count(*) FROM records c WHERE c.source_id = s.id) AS records,
			coalesce(sum(r.extracted), 0)::bigint AS extracted, coalesce(sum(r.inserted), 0)::bigint AS records_added
		FROM sources s LEFT JOIN etl_runs r ON r.source_id = s.id GROUP BY s.id ORDER BY s.name`).Scan(t.Context(), &want))
	got, err := s.SourceStates(t.Context())
	require.NoError(t, err)
	require.Len(t, got, len(want))
	for i, w := range want {
		g := got[i]
		require.Equal(t, []any{w.Name, w.Ended, w.Succeeded, w.Failed, w.Records, w.Extracted, w.RecordsAdded},
			[]any{g.Name, g.TotalRuns, g.SucceededRuns, g.FailedRuns, g.RecordCount, g.RecordsProcessed, g.RecordCount})
		requireSameTime(t, w.LastSuccessAt, g.LastSuccessAt)
		requireSameTime(t, w.LastFailureAt, g.LastFailureAt)
		requireLastRuns(t, s, w, g)
	}
}

func requireLastRuns(t *testing.T, s *postgres.Store, w counted, g market.SourceState) {
	t.Helper()
	if w.LastID == nil {
		require.Nil(t, g.LastRun)
	} else {
		require.Equal(t, runByID(t, s, *w.LastID), *g.LastRun)
	}
	if w.LastEndedID == nil {
		require.Nil(t, g.LastDuration)
		require.Nil(t, g.AverageDuration)
		return
	}
	ended := runByID(t, s, *w.LastEndedID)
	require.Equal(t, ended.Error, g.LastError)
	require.Equal(t, ended.FinishedAt.Sub(ended.StartedAt), *g.LastDuration)
	require.Equal(t, time.Duration(w.DurationMs/w.Ended)*time.Millisecond, *g.AverageDuration)
}

func requireSameTime(t *testing.T, want, got *time.Time) {
	t.Helper()
	if want == nil {
		require.Nil(t, got)
		return
	}
	require.Equal(t, want.UTC(), *got)
}

func TestTotalsAreWhatTheLedgerSays(t *testing.T) {
	db := postgrestest.New(t)
	s := postgres.New(db, identity.Resolve)
	requireTotals(t, s, db)
	require.NoError(t, s.RegisterSources(t.Context(), market.Source{Name: "csv", Kind: market.KindFile}))
	requireTotals(t, s, db)
	ends := []market.RunEnd{
		{Status: market.RunSucceeded}, {Status: market.RunPartial, Error: "page 2: no answer", Effort: market.Effort{Retries: 3}},
		{Status: market.RunFailed, Error: "no answer", Effort: market.Effort{Retries: 4}}, {Status: market.RunInterrupted},
		{Status: market.RunFailed, Error: "no answer"}, {Status: market.RunSucceeded},
	}
	for i, end := range ends {
		for _, source := range seedSources[:2] {
			run := start(t, s, source)
			requireTotals(t, s, db)
			commit(t, s, run, observe("bitcoin", minute(i).Add(time.Second), "1"), observe("bitcoin", *minute(i / 2), fmt.Sprint(i)))
			commit(t, s, run, observe("bitcoin", minute(i).Add(time.Second), "1"))
			// A second and a bit: sums of whole milliseconds differ from whole sums.
			_, err := db.ExecContext(t.Context(), "UPDATE etl_runs SET started_at = now() - interval '1.0009 s' WHERE id = ?", run.ID)
			require.NoError(t, err)
			ended, err := s.FinishRun(t.Context(), run.ID, end)
			require.NoError(t, err)
			require.Equal(t, []any{end.Status, end.Error, end.Retries}, []any{ended.Status, ended.Error, ended.Retries})
			require.Equal(t, ended, runByID(t, s, run.ID))
			require.Equal(t, ended.Extracted, ended.Inserted+ended.Updated+ended.Unchanged+ended.Rejected)
		}
	}
	requireTotals(t, s, db)
}

// The rank of an asset is the best that the newest records of its listings hold when a run ends.
func TestRanksAreRefreshedWithEveryRun(t *testing.T) {
	s := newStore(t)
	ranked := func(at time.Time, rank int32) market.Observation {
		o := seedObservation(1, at)
		if rank > 0 {
			o.Rank = &rank
		}
		return o
	}
	rankNow := func() *int32 {
		asset, err := s.AssetBySlug(t.Context(), seedSlug(1))
		require.NoError(t, err)
		return asset.Rank
	}
	var seven, three int32 = 7, 3
	for _, c := range []struct {
		source string
		o      market.Observation
		want   *int32
	}{
		{"alpha", ranked(*minute(0), 7), &seven},
		{"beta", ranked(*minute(0), 9), &seven},
		{"beta", ranked(*minute(1), 3), &three},
		{"beta", ranked(*minute(-1), 1), &three}, // an older one says nothing
		{"beta", ranked(*minute(2), 0), &seven},
		{"alpha", ranked(*minute(2), 0), nil},
	} {
		run := start(t, s, c.source)
		commit(t, s, run, c.o)
		finish(t, s, run)
		require.Equal(t, c.want, rankNow())
	}
}
