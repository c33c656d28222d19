package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPostgresVariables(t *testing.T) {
	full := map[string]string{"POSTGRES_HOST": "db", "POSTGRES_USER": "me", "POSTGRES_PASSWORD": "p@s/s#%", "POSTGRES_DB": "market data"}
	with := func(pairs ...string) map[string]string {
		env := map[string]string{}
		for k, v := range full {
			env[k] = v
		}
		for i := 0; i < len(pairs); i += 2 {
			env[pairs[i]] = pairs[i+1]
		}
		return env
	}
	good := []struct {
		env  map[string]string
		want string
	}{
		{with(), "postgres://me:p%40s%2Fs%23%25@db:5432/market%20data"},
		{with("POSTGRES_HOST", "::1", "POSTGRES_PORT", "6543"), "postgres://me:p%40s%2Fs%23%25@[::1]:6543/market%20data"},
		{with("POSTGRES_HOST", "/run/pg", "POSTGRES_PASSWORD", ""), "postgres://me@/market%20data?host=%2Frun%2Fpg&port=5432"},
		{with("DATABASE_URL", "postgres://other/d", "POSTGRES_PORT", "tcp://1.2.3.4:5432", "POSTGRES_USER", ""), "postgres://other/d"},
		{with("POSTGRES_HOST", "", "POSTGRES_PORT", "x"), ""}, // embedded
	}
	for _, tt := range good {
		c, err := load(t, tt.env, "")
		require.NoError(t, err)
		require.Equal(t, tt.want, c.Database.URL.Reveal())
	}
	bad := []struct {
		env      map[string]string
		variable string
	}{
		{with("POSTGRES_PORT", "tcp://1.2.3.4:5432"), "POSTGRES_PORT"},
		{with("POSTGRES_HOST", "a:b"), "POSTGRES_HOST"},
		{with("POSTGRES_USER", ""), "POSTGRES_USER"},
		{with("POSTGRES_DB", ""), "POSTGRES_DB"},
	}
	for _, tt := range bad {
		_, err := load(t, tt.env, "")
		require.Equal(t, tt.variable, onlyProblem(t, err).Variable)
		require.NotContains(t, err.Error(), "p@s")
	}
	c, err := load(t, with("DATABASE_REPLICA_URLS", "postgres://a/d, postgres://b/d"), "")
	require.NoError(t, err)
	require.Equal(t, []Secret{"postgres://a/d", "postgres://b/d"}, c.Database.ReplicaURLs)
}
