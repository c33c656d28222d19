package main

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/simulator"
)

// theDoctorLooks takes a database of its own on the servers that are there.
func theDoctorLooks(t *testing.T, standby *postgrestest.Standby) {
	srv := httptest.NewServer(simulator.New(simulator.Options{Seed: 7, Coins: 50}))
	t.Cleanup(srv.Close)
	primary := postgrestest.URL(t)
	replica := standby.URL(primary)
	standby.Await(primary)
	env := func(urls string) []string {
		return []string{"DATABASE_URL=" + primary, "API_KEY=" + testKey, "DATABASE_REPLICA_URLS=" + urls, "DATABASE_REPLICA_MAX_LAG=2s",
			"COINGECKO_BASE_URL=" + srv.URL + "/coingecko/api/v3", "COINPAPRIKA_BASE_URL=" + srv.URL + "/coinpaprika/v1"}
	}
	_, out, _ := finish(t, t.TempDir(), env(replica), "doctor")
	require.Regexp(t, `ok    replica 1      it follows, 0 commits and \d+ bytes behind`, out)

	standby.Pause()
	defer standby.Resume()
	db := postgrestest.Open(t, primary)
	require.NoError(t, postgres.New(db, nil).RegisterSources(t.Context(), market.Source{Name: "csv", Kind: market.KindFile}))
	_, err := db.ExecContext(t.Context(), "UPDATE commits SET committed_at = now() - interval '1 minute'")
	require.NoError(t, err)
	_, out, _ = finish(t, t.TempDir(), env(replica+",postgres://nobody@127.0.0.1:1/none,"+primary), "doctor")
	require.Regexp(t, `ok    replica 1      it follows, 1 commits and \d+ bytes behind`, out)
	require.Regexp(t, `warn  replica 1      it has been behind for 1m\d*s, and more than 2s is too much`, out)
	require.Regexp(t, `FAIL  replica 2      (?s:.*)127.0.0.1:1`, out)
	require.Regexp(t, `FAIL  replica 3      it is no standby`, out)
}
