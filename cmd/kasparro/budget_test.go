package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/schedule"
)

func TestOverspentBudgets(t *testing.T) {
	cases := []struct {
		name, schedule string
		pages          int
		gecko, paprika int64
		wrong, mend    []string // of CoinGecko, then of CoinPaprika
	}{
		{"a demo key and the usual schedule", "*/5 * * * *", 4, 10000, 0,
			[]string{"its schedule needs 35712 requests in 31 days, and the budget is 10000 a month: runs fail once it is spent", ""},
			[]string{"set COINGECKO_PAGES to fewer, COINGECKO_MONTHLY_REQUESTS to what the plan allows, or ETL_SCHEDULE_COINGECKO to a run every 18 minutes or less often", ""}},
		{"what that advises", "*/20 * * * *", 4, 10000, 0, []string{"", ""}, []string{"", ""}},
		{"just enough", "0 * * * *", 2, 31 * 24 * 2, 31 * 24, []string{"", ""}, []string{"", ""}},
		{"every minute without a key", "* * * * *", 4, 0, 20000,
			[]string{"", "its schedule needs 44640 requests in 31 days, and the budget is 20000 a month: runs fail once it is spent"},
			[]string{"", "set COINPAPRIKA_MONTHLY_REQUESTS to what the plan allows, or ETL_SCHEDULE_COINPAPRIKA to a run every 3 minutes or less often"}},
		{"not even one run", "@daily", 20, 10, 0,
			[]string{"its schedule needs 620 requests in 31 days, and the budget is 10 a month: runs fail once it is spent", ""},
			[]string{"set COINGECKO_PAGES to fewer, COINGECKO_MONTHLY_REQUESTS to what the plan allows, or ETL_SCHEDULE_COINGECKO to off", ""}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			table, err := schedule.NewTimetable(map[string]string{"coingecko": c.schedule, "coinpaprika": c.schedule})
			require.NoError(t, err)
			all := budgets(config.Config{
				CoinGecko:   config.CoinGecko{Pages: c.pages, Plan: config.Plan{MonthlyRequests: c.gecko}},
				CoinPaprika: config.CoinPaprika{Plan: config.Plan{MonthlyRequests: c.paprika}},
			})
			for i, b := range all {
				wrong, mend := b.overspent(table, time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC))
				require.Equal(t, c.wrong[i], wrong)
				require.Equal(t, c.mend[i], mend)
			}
		})
	}
}

// simulated is an environment in which both APIs are simulated.
func simulated(t *testing.T) (env []string, url string) {
	t.Helper()
	p := launch(t, t.TempDir(), nil, "simulate", "--port", "0", "--coins", "20")
	url = postgrestest.EmptyURL(t)
	return []string{
		"DATABASE_URL=" + url, "API_KEY=" + testKey, "COINGECKO_API_KEY=CG-hush", "LOG_FORMAT=json",
		"COINGECKO_BASE_URL=" + p.waitFor("CoinGecko"), "COINPAPRIKA_BASE_URL=" + p.waitFor("CoinPaprika"),
	}, url
}

func requireRequests(t *testing.T, url, credential string, want int64) {
	t.Helper()
	var made int64
	require.NoError(t, postgrestest.Open(t, url).NewRaw("SELECT requests FROM upstream_allowances WHERE credential = ?", credential).Scan(t.Context(), &made))
	require.Equal(t, want, made)
}

func TestDoctorWarnsOfTheBudget(t *testing.T) {
	t.Parallel()
	env, url := simulated(t)
	code, _, stderr := finish(t, t.TempDir(), env, "migrate", "up")
	require.Equal(t, exitDone, code, stderr)
	code, stdout, stderr := finish(t, t.TempDir(), env, "doctor")
	require.Equal(t, exitDone, code, stdout+stderr)
	require.Contains(t, stdout, "warn  coingecko      its schedule needs 35712 requests in 31 days, and the budget is 10000 a month")
	require.Contains(t, stdout, "\n                     set COINGECKO_PAGES to fewer, ")
	require.NotContains(t, stdout, "warn  coinpaprika")
	require.NotContains(t, stdout+stderr, "hush")
	requireRequests(t, url, "coingecko:af3e8112", 1)
	requireRequests(t, url, "coinpaprika", 1)
	_, stdout, _ = finish(t, t.TempDir(), append(env, "ETL_SCHEDULE=@hourly"), "doctor")
	require.NotContains(t, stdout, "warn")
}

// Processes with one key ask as one: the last has nothing left of what the others have used.
func TestTheBudgetIsOneForAllProcesses(t *testing.T) {
	t.Parallel()
	env, url := simulated(t)
	env = append(env, "COINGECKO_MONTHLY_REQUESTS=2", "COINGECKO_REQUESTS_PER_SECOND=1000")
	for range 2 {
		code, stdout, stderr := finish(t, t.TempDir(), env, "ingest", "coingecko")
		require.Equal(t, exitDone, code, stdout+stderr)
	}
	code, stdout, stderr := finish(t, t.TempDir(), env, "ingest", "coingecko")
	require.Equal(t, exitFailed, code, stdout)
	require.Contains(t, stdout, "/coins/markets: coingecko: the month's budget of requests is spent: all 2 were made; raise COINGECKO_MONTHLY_REQUESTS")
	require.NotContains(t, stdout+stderr, "hush")
	code, stdout, stderr = finish(t, t.TempDir(), env, "ingest", "coingecko", "--dry-run")
	require.Equal(t, exitDone, code, stdout+stderr+" a dry run goes by itself")
	requireRequests(t, url, "coingecko:af3e8112", 2)
}

func TestCredential(t *testing.T) {
	require.Equal(t, "coinpaprika", credential("coinpaprika", ""))
	require.Equal(t, "coinpaprika:ba7816bf", credential("coinpaprika", "abc"), "the first 8 digits of the SHA-256 of abc")
}
