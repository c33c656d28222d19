package config

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGoodValues(t *testing.T) {
	tests := []struct {
		name, value string
		got         func(Config) any
		want        any
	}{
		{"PORT", "0", func(c Config) any { return c.Port }, 0},
		{"PORT", "65535", func(c Config) any { return c.Port }, 65535},
		{"HOST", "0.0.0.0", func(c Config) any { return c.Host }, "0.0.0.0"},
		{"HOST", "::1", func(c Config) any { return c.Host }, "::1"},
		{"HOST", "localhost", func(c Config) any { return c.Host }, "localhost"},
		{"API_KEY", goodKey, func(c Config) any { return c.APIKey.Reveal() }, goodKey},
		{"ADMIN_API_KEY", goodKey, func(c Config) any { return c.AdminAPIKey.Reveal() }, goodKey},
		{"DATABASE_URL", "postgres:///db?host=/run/pg", func(c Config) any { return c.Database.URL.Reveal() }, "postgres:///db?host=/run/pg"},
		{"DATABASE_URL", "postgresql://a:1,b:2/db", func(c Config) any { return c.Database.URL.Reveal() }, "postgresql://a:1,b:2/db"},
		{"DATA_DIR", "/var/lib/k", func(c Config) any { return c.DataDir }, "/var/lib/k"},
		{"RAW_RETENTION_DAYS", "0", func(c Config) any { return c.RawRetentionDays }, 0},
		{"RAW_RETENTION_DAYS", "1", func(c Config) any { return c.RawRetentionDays }, 1},
		{"GRAPHQL_MAX_DEPTH", "7", func(c Config) any { return c.GraphQL.MaxDepth }, 7},
		{"GRAPHQL_TIMEOUT", "1m", func(c Config) any { return c.GraphQL.Timeout }, time.Minute},
		{"GRAPHQL_DOCUMENTS", "d.json", func(c Config) any { return c.GraphQL.Documents }, "d.json"},
		{"GRAPHQL_DOCUMENTS_ONLY", "on", func(c Config) any { return c.GraphQL.DocumentsOnly }, true},
		{"GRAPHQL_INTROSPECTION", "off", func(c Config) any { return c.GraphQL.Introspection }, false},
		{"API_REQUESTS_PER_MINUTE", "0", func(c Config) any { return c.RequestsPerMinute }, 0},
		{"API_CONCURRENT_REQUESTS", "7", func(c Config) any { return c.ConcurrentRequests }, 7},
		{"API_CONCURRENT_COST", "7", func(c Config) any { return c.ConcurrentCost }, 7},
		{"API_CONCURRENT_SUBSCRIPTIONS", "8", func(c Config) any { return c.ConcurrentSubscriptions }, 8},
		{"MAX_BODY_BYTES", "2048", func(c Config) any { return c.MaxBodyBytes }, 2048},
		{"CONSENSUS_MAX_AGE", "90m", func(c Config) any { return c.ConsensusMaxAge }, 90 * time.Minute},
		{"COINPAPRIKA_API_KEY", "k", func(c Config) any { return c.CoinPaprika }, CoinPaprika{BaseURL: "https://api-pro.coinpaprika.com/v1", APIKey: "k", Plan: Plan{RequestsPerSecond: 10}}},
		{"COINPAPRIKA_BASE_URL", "http://[::1]:9/v1/", func(c Config) any { return c.CoinPaprika.BaseURL }, "http://[::1]:9/v1"},
		{"COINGECKO_API_KEY", "CG-x", func(c Config) any { return c.CoinGecko.APIKey.Reveal() }, "CG-x"},
		{"COINGECKO_BASE_URL", "https://pro.example/api/v3", func(c Config) any { return c.CoinGecko.BaseURL }, "https://pro.example/api/v3"},
		{"COINGECKO_PAGES", "1", func(c Config) any { return c.CoinGecko.Pages }, 1},
		{"COINGECKO_API_KEY", "CG-x", func(c Config) any { return c.CoinGecko.Plan }, Plan{RequestsPerSecond: 0.5, MonthlyRequests: 10000}},
		{"COINGECKO_REQUESTS_PER_SECOND", "8.25", func(c Config) any { return c.CoinGecko.Plan }, Plan{RequestsPerSecond: 8.25}},
		{"COINGECKO_REQUESTS_PER_SECOND", ".001", func(c Config) any { return c.CoinGecko.RequestsPerSecond }, 0.001},
		{"COINGECKO_MONTHLY_REQUESTS", "500000", func(c Config) any { return c.CoinGecko.Plan }, Plan{RequestsPerSecond: 0.5, MonthlyRequests: 500000}},
		{"COINPAPRIKA_REQUESTS_PER_SECOND", "1000", func(c Config) any { return c.CoinPaprika.Plan }, Plan{RequestsPerSecond: 1000, MonthlyRequests: 20000}},
		{"COINPAPRIKA_MONTHLY_REQUESTS", "0", func(c Config) any { return c.CoinPaprika.Plan }, Plan{RequestsPerSecond: 10}},
		{"CSV_PATH", "data/*.csv", func(c Config) any { return c.CSVPath }, "data/*.csv"},
		{"ETL_SCHEDULE", "@hourly", func(c Config) any { return c.Schedules("csv", "new") }, map[string]string{"csv": "@hourly", "new": "@hourly"}},
		{"ETL_SCHEDULE", "0 0 29 2 *", func(c Config) any { return c.Schedules("csv") }, map[string]string{"csv": "0 0 29 2 *"}},
		{"ETL_SCHEDULE", "off", func(c Config) any { return c.Schedules("csv") }, map[string]string{}},
		{"ETL_SCHEDULE_CSV", "off", func(c Config) any { return c.Schedules("csv", "coingecko") }, map[string]string{"coingecko": "*/5 * * * *"}},
		{"ETL_SCHEDULE_COINGECKO", "1 2 * * MON-FRI", func(c Config) any { return c.Schedules("coingecko") }, map[string]string{"coingecko": "1 2 * * MON-FRI"}},
		{"ETL_SCHEDULE_COINPAPRIKA", "@daily", func(c Config) any { return c.Schedules("coinpaprika") }, map[string]string{"coinpaprika": "@daily"}},
		{"ETL_SCHEDULE_FOO", "", func(c Config) any { return c.Port }, 8000},
		{"METRICS_PORT", "", func(c Config) any { return c.Watching }, Watching{}},
		{"METRICS_PORT", "9100", func(c Config) any { return *c.Watching.MetricsPort }, 9100},
		{"PPROF_PORT", "0", func(c Config) any { return *c.Watching.PprofPort }, 0},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/", func(c Config) any { return c.Watching.TracesURL }, "http://collector:4318/v1/traces"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/here", func(c Config) any { return c.Watching.TracesURL }, "http://collector:4318/here"},
		{"LOG_LEVEL", "error", func(c Config) any { return c.LogLevel }, slog.LevelError},
		{"LOG_LEVEL", "debug", func(c Config) any { return c.LogLevel }, slog.LevelDebug},
		{"LOG_FORMAT", "text", func(c Config) any { return c.LogFormat }, "text"},
	}
	for _, tt := range tests {
		t.Run(tt.name+"="+tt.value, func(t *testing.T) {
			c, err := load(t, map[string]string{tt.name: tt.value}, "")
			require.NoError(t, err)
			require.Equal(t, tt.want, tt.got(c))
		})
	}
}

func TestBadValues(t *testing.T) {
	tests := []struct{ name, value, given, allowed string }{
		{"PORT", "abc", `"abc"`, "a whole number from 0 to 65535"},
		{"PORT", "65536", `"65536"`, "a whole number from 0 to 65535"},
		{"METRICS_PORT", "on", `"on"`, "a whole number from 0 to 65535"},
		{"PPROF_PORT", "65536", `"65536"`, "a whole number from 0 to 65535"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:hush@collector", "http://… (the rest is not shown)", "no user"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:hush@collector", "http://… (the rest is not shown)", "no user"},
		{"PORT", "-1", `"-1"`, "a whole number from 0 to 65535"},
		{"HOST", "0.0.0.0:80", `"0.0.0.0:80"`, "without a port"},
		{"HOST", "a b", `"a b"`, "without a port"},
		{"ADMIN_API_KEY", "hush hush hush hush", "one with other characters or spaces (not shown)", "visible ASCII characters only"},
		{"DATABASE_URL", "mysql://u:hush@h/d", "mysql://… (the rest is not shown)", "postgres://USER"},
		{"DATABASE_URL", "u:hush@h/d", "something else (not shown)", "postgres://USER"},
		{"DATABASE_URL", "host=h password=hush", "something else (not shown)", "postgres://USER"},
		{"DATABASE_URL", "postgres://u:hu%sh@h/d", "postgres://… (the rest is not shown)", "with %XX"},
		{"DATABASE_URL", "postgres://u:12#hush@h/d", "postgres://… (the rest is not shown)", "with %XX"},
		{"DATABASE_URL", "postgres://", "postgres://… (the rest is not shown)", "postgres://USER"},
		{"RAW_RETENTION_DAYS", "-1", `"-1"`, "a whole number from 0 to 36500"},
		{"RAW_RETENTION_DAYS", "90d", `"90d"`, "a whole number from 0 to 36500"},
		{"GRAPHQL_MAX_TOKENS", "0", `"0"`, "a whole number from 1 to 1000000"},
		{"GRAPHQL_MAX_COST", "1e5", `"1e5"`, "a whole number from 1 to 1000000000"},
		{"GRAPHQL_TIMEOUT", "15", `"15"`, "a time from 1s to 10m"},
		{"GRAPHQL_DOCUMENTS_ONLY", "yes", `"yes"`, "on or off"},
		{"GRAPHQL_INTROSPECTION", "yes", `"yes"`, "on or off"},
		{"API_REQUESTS_PER_MINUTE", "-1", `"-1"`, "a whole number from 0 to 1000000000"},
		{"MAX_BODY_BYTES", "1MB", `"1MB"`, "a whole number from 1024 to 1073741824"},
		{"CONSENSUS_MAX_AGE", "24", `"24"`, "a time from 1m to 8760h, such as 90m or 24h"},
		{"CONSENSUS_MAX_AGE", "59s", `"59s"`, "a time from 1m to 8760h"},
		{"COINPAPRIKA_API_KEY", "hush\n", "one with other characters or spaces (not shown)", "visible ASCII characters only"},
		{"COINGECKO_API_KEY", "hüsh", "one with other characters or spaces (not shown)", "visible ASCII characters only"},
		{"COINPAPRIKA_BASE_URL", "api.example", "something else (not shown)", "an http:// or https:// URL"},
		{"COINPAPRIKA_BASE_URL", "https://hush@api.example", "https://… (the rest is not shown)", "no user"},
		{"COINGECKO_BASE_URL", "https://api.example?key=hush", "https://… (the rest is not shown)", "query"},
		{"COINGECKO_BASE_URL", "http://h:70000", "http://… (the rest is not shown)", "an http://"},
		{"COINGECKO_PAGES", "0", `"0"`, "a whole number from 1 to 1000"},
		{"COINGECKO_PAGES", "4.5", `"4.5"`, "a whole number from 1 to 1000"},
		{"COINGECKO_REQUESTS_PER_SECOND", "0", `"0"`, "a number from 0.001 to 1000, such as 0.5"},
		{"COINGECKO_REQUESTS_PER_SECOND", "-1", `"-1"`, "a number from 0.001 to 1000"},
		{"COINGECKO_REQUESTS_PER_SECOND", "1001", `"1001"`, "a number from 0.001 to 1000"},
		{"COINPAPRIKA_REQUESTS_PER_SECOND", "NaN", `"NaN"`, "a number from 0.001 to 1000"},
		{"COINPAPRIKA_REQUESTS_PER_SECOND", "0,5", `"0,5"`, "such as 0.5"},
		{"COINPAPRIKA_REQUESTS_PER_SECOND", "1e1", `"1e1"`, "such as 0.5"},
		{"COINGECKO_MONTHLY_REQUESTS", "-1", `"-1"`, "a whole number from 0 to 1000000000"},
		{"COINPAPRIKA_MONTHLY_REQUESTS", "20k", `"20k"`, "a whole number from 0 to 1000000000"},
		{"CSV_PATH", "data/[a", `"data/[a"`, "glob"},
		{"ETL_SCHEDULE", "* * * *", `"* * * *"`, "cron of 5 fields"},
		{"ETL_SCHEDULE", "0 0 * * * *", `"0 0 * * * *"`, "cron of 5 fields"},
		{"ETL_SCHEDULE", "60 * * * *", `"60 * * * *"`, "cron of 5 fields"},
		{"ETL_SCHEDULE", "OFF", `"OFF"`, "or off"},
		{"ETL_SCHEDULE_CSV", "@every 5m", `"@every 5m"`, "@hourly"},
		{"ETL_SCHEDULE_COINGECKO", "TZ=", `"TZ="`, "in UTC"},
		{"ETL_SCHEDULE_COINPAPRIKA", "CRON_TZ=Asia/Tokyo 0 0 * * *", `"CRON_TZ=Asia/Tokyo 0 0 * * *"`, "in UTC"},
		{"ETL_SCHEDULE", "0 0 31 2 *", `"0 0 31 2 *", which never comes`, "cron of 5 fields"},
		{"ETL_SCHEDULE_FOO", "@daily", `"@daily"`, "one of ETL_SCHEDULE_COINGECKO, ETL_SCHEDULE_COINPAPRIKA, ETL_SCHEDULE_CSV"},
		{"LOG_LEVEL", "loud", `"loud"`, "debug, info, warn or error"},
		{"LOG_FORMAT", "xml", `"xml"`, "text or json"},
		{"DATABASE_DIRECT_URL", "postgres://h/d", "a way past a pooler that is not named", "together with DATABASE_URL"},
		{"DATABASE_REPLICA_URLS", "postgres://h/d", "replicas without their primary", "together with DATABASE_URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name+"="+tt.value, func(t *testing.T) {
			c, err := load(t, map[string]string{tt.name: tt.value}, "")
			require.Equal(t, Config{}, c)
			problem := onlyProblem(t, err)
			require.Equal(t, tt.name, problem.Variable)
			require.Equal(t, tt.given, problem.Given)
			require.Contains(t, problem.Allowed, tt.allowed)
			require.Equal(t, "invalid configuration: "+problem.String(), err.Error())
			require.NotContains(t, err.Error(), "hush")
		})
	}
}

// The budget that is not given is that of the plan that the key and the address tell of.
func TestMonthlyRequestsFollowThePlan(t *testing.T) {
	pro := map[string]string{"COINGECKO_API_KEY": "CG-x", "COINGECKO_BASE_URL": "https://pro-api.coingecko.com/api/v3"}
	c, err := load(t, pro, "COINPAPRIKA_API_KEY=k\nCOINPAPRIKA_MONTHLY_REQUESTS=70000\n")
	require.NoError(t, err)
	require.Zero(t, c.CoinGecko.MonthlyRequests)
	require.EqualValues(t, 70000, c.CoinPaprika.MonthlyRequests)
	pro["COINGECKO_BASE_URL"] = "https://pro-api.coingecko.com.example.org/api/v3"
	c, err = load(t, pro, "")
	require.NoError(t, err)
	require.EqualValues(t, 10000, c.CoinGecko.MonthlyRequests)
	require.EqualValues(t, 20000, c.CoinPaprika.MonthlyRequests)
}

func onlyProblem(t *testing.T, err error) Problem {
	t.Helper()
	require.ErrorIs(t, err, ErrInvalid)
	var invalid *Error
	require.True(t, errors.As(err, &invalid))
	require.Len(t, invalid.Problems, 1)
	return invalid.Problems[0]
}

func TestAllProblemsAtOnceInOrder(t *testing.T) {
	env := map[string]string{
		"LOG_LEVEL": "loud", "ETL_SCHEDULE_ZOO": "x", "ETL_SCHEDULE_APE": "y", "ETL_SCHEDULE_CSV": "z", "PORT": "http",
		"DATABASE_URL": "hush", "DATABASE_REPLICA_URLS": "postgres://h/d,,mysql://hush", "API_KEY": "hu sh",
	}
	for range 5 {
		_, err := load(t, env, "not a line\n", "--host=!")
		require.ErrorIs(t, err, ErrInvalid)
		var order []string
		for _, line := range strings.Split(err.Error(), "\n")[1:] {
			name, _, _ := strings.Cut(strings.TrimSpace(line), ":")
			order = append(order, name)
		}
		require.Equal(t, []string{".env", "PORT", "HOST", "DATABASE_URL", "DATABASE_REPLICA_URLS", "DATABASE_REPLICA_URLS",
			"API_KEY", "ETL_SCHEDULE_CSV", "ETL_SCHEDULE_APE", "ETL_SCHEDULE_ZOO", "LOG_LEVEL"}, order)
		require.Contains(t, err.Error(), "invalid configuration, 11 wrong values:\n")
		require.Contains(t, err.Error(), "DATABASE_REPLICA_URLS: given as entry 2 of 3 nothing;")
		require.Contains(t, err.Error(), "DATABASE_REPLICA_URLS: given as entry 3 of 3 mysql://…")
		require.NotContains(t, err.Error(), "hush")
	}
}
