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
		Waiting: 1, RequestsThisMonth: 2,
	}, list[0])
	require.Equal(t, market.Standing{Name: "csv", Running: 1}, list[1])
	require.NotZero(t, csv.ID)

	_, err = db.ExecContext(t.Context(), "UPDATE upstream_allowances SET month = month - interval '1 month'")
	require.NoError(t, err)
	list, err = s.Standings(t.Context(), asked)
	require.NoError(t, err)
	require.Zero(t, list[0].RequestsThisMonth, "of a month that is over")
}
