package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func TestStandings(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	asked := []string{"coingecko:0a1b2c3d", "csv"}
	list, err := s.Standings(t.Context(), asked)
	require.NoError(t, err)
	require.Empty(t, list)

	old, newer := time.Now().UTC().Add(-2*time.Hour).Truncate(time.Microsecond), time.Now().UTC().Add(-time.Hour).Truncate(time.Microsecond)
	gecko, csv := start(t, s, "coingecko"), start(t, s, "csv")
	commit(t, s, gecko, observe("bitcoin", newer, "2"), observe("ether", old, "1"))
	reject(t, s, gecko, market.Rejection{ExternalID: "a", Reason: market.Reason{Code: "bad_number"}, Payload: []byte("1")},
		market.Rejection{ExternalID: "b", Reason: market.Reason{Code: "bad_number"}, Payload: []byte("2")})
	retry(t, s, gecko, market.Batch{FetchedAt: time.Now(), Resolves: []int64{waiting(t, s, "coingecko", 0)[0].ID}})
	finish(t, s, gecko)
	for _, credential := range []string{"coingecko:0a1b2c3d", "coingecko:0a1b2c3d", "coingecko:ffffffff"} {
		_, err := s.Reserve(t.Context(), postgres.Allowance{Credential: credential, PerSecond: 1000, Burst: 10})
		require.NoError(t, err)
	}
	list, err = s.Standings(t.Context(), asked)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.NotNil(t, list[0].LastSuccessAt)
	require.NotNil(t, list[0].CheckpointAt)
	require.Equal(t, market.Standing{
		Name: "coingecko", RecordCount: 2, LastSuccessAt: list[0].LastSuccessAt, CheckpointAt: list[0].CheckpointAt, NewestRecordAt: &newer,
		Waiting: 1, RequestsThisMonth: 2, LastHour: market.Hour{
			Runs: map[market.RunStatus]int64{market.RunSucceeded: 1}, Items: market.Counters{Inserted: 2, Rejected: 2},
		},
	}, list[0])
	require.Equal(t, market.Standing{Name: "csv", Running: 1}, list[1])
	require.NotZero(t, csv.ID)

	_, err = db.ExecContext(t.Context(), "UPDATE upstream_allowances SET month = month - interval '1 month'")
	require.NoError(t, err)
	list, err = s.Standings(t.Context(), asked)
	require.NoError(t, err)
	require.Zero(t, list[0].RequestsThisMonth, "of a month that is over")
}

// endRun has a run of the file reject an item and end.
func endRun(t *testing.T, s *postgres.Store, stream string, status market.RunStatus, drifts ...market.Drift) {
	t.Helper()
	run, err := s.StartRun(t.Context(), market.RunRequest{Source: "csv", Kind: market.KindFile, Stream: stream, Trigger: market.TriggerManual})
	require.NoError(t, err)
	_, err = s.CommitBatch(t.Context(), run.ID, market.Batch{Source: "csv", Stream: stream, FetchedAt: time.Now(), Next: `{}`,
		Rejections: []market.Rejection{{ExternalID: "a", Reason: market.Reason{Code: "bad_number"}, Payload: []byte("1")}}})
	require.NoError(t, err)
	_, err = s.FinishRun(t.Context(), run.ID, market.RunEnd{Status: status, Drifts: drifts})
	require.NoError(t, err)
}

// Whoever has run them, by the scheduler or by hand: the ledger knows.
func TestStandingsTellOfFailuresAndOfTheLastHour(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	standing := func() market.Standing {
		t.Helper()
		list, err := s.Standings(t.Context(), []string{""})
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Equal(t, market.Standing{Name: "other", Running: 1}, list[1], "what is another's")
		return list[0]
	}
	start(t, s, "other")
	for i, step := range []struct {
		stream string
		status market.RunStatus
		row    int64
	}{
		{"", market.RunFailed, 1}, {"", market.RunPartial, 2}, {"", market.RunInterrupted, 2}, {"history", market.RunSucceeded, 2},
		{market.StreamQuarantine, market.RunFailed, 2}, {"", market.RunSucceeded, 0}, {"history", market.RunFailed, 0}, {"", market.RunFailed, 1},
	} {
		endRun(t, s, step.stream, step.status)
		require.Equal(t, step.row, standing().FailuresInARow, "step %d", i)
	}
	endRun(t, s, "", market.RunFailed, market.Drift{Kind: market.DriftNewPath, Path: "a"}, market.Drift{Kind: market.DriftNewPath, Path: "b"}, market.Drift{Kind: market.DriftTypeChanged, Path: "c"})
	_, err := db.ExecContext(t.Context(), "UPDATE etl_runs SET status = 'abandoned' WHERE id = (SELECT max(id) FROM etl_runs)")
	require.NoError(t, err)
	now := standing()
	require.EqualValues(t, 2, now.FailuresInARow)
	require.Equal(t, market.Hour{
		Runs:   map[market.RunStatus]int64{market.RunFailed: 4, market.RunPartial: 1, market.RunInterrupted: 1, market.RunSucceeded: 2, market.RunAbandoned: 1},
		Items:  market.Counters{Rejected: 8}, // without what was tried again
		Drifts: map[market.DriftKind]int64{market.DriftNewPath: 2, market.DriftTypeChanged: 1},
	}, now.LastHour)

	_, err = db.ExecContext(t.Context(), "UPDATE etl_runs SET finished_at = now() - interval '61 minutes' WHERE finished_at IS NOT NULL")
	require.NoError(t, err)
	require.Equal(t, market.Hour{}, standing().LastHour)
	require.EqualValues(t, 2, standing().FailuresInARow)
}
