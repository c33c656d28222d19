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

func TestDoctorWarnsOfTheBudget(t *testing.T) {
	t.Parallel()
	env := append(away(t), "COINGECKO_API_KEY=CG-hush")
	_, stdout, stderr := finish(t, t.TempDir(), env, "doctor")
	require.Contains(t, stdout, "warn  coingecko      its schedule needs 35712 requests in 31 days, and the budget is 10000 a month", stderr)
	require.Contains(t, stdout, "\n                     set COINGECKO_PAGES to fewer, ")
	require.NotContains(t, stdout, "warn  coinpaprika")
	require.NotContains(t, stdout+stderr, "hush")
	_, stdout, _ = finish(t, t.TempDir(), append(env, "ETL_SCHEDULE=@hourly"), "doctor")
	require.NotContains(t, stdout, "warn")
}

// Two processes with one key ask as one: the second has nothing left of what the first has used.
func TestTheBudgetIsOneForAllProcesses(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir(), nil, "simulate", "--port", "0", "--coins", "20")
	base := p.waitFor("CoinGecko")
	url := postgrestest.EmptyURL(t)
	env := []string{
		"DATABASE_URL=" + url, "COINGECKO_BASE_URL=" + base, "COINGECKO_API_KEY=CG-hush", "COINGECKO_MONTHLY_REQUESTS=2",
		"COINGECKO_REQUESTS_PER_SECOND=1000", "LOG_FORMAT=json",
	}
	for range 2 {
		code, stdout, stderr := finish(t, t.TempDir(), env, "ingest", "coingecko")
		require.Equal(t, exitDone, code, stdout+stderr)
	}
	code, stdout, stderr := finish(t, t.TempDir(), env, "ingest", "coingecko")
	require.Equal(t, exitFailed, code, stdout)
	require.Contains(t, stdout, "GET "+base+"/coins/markets: coingecko: the month's budget of requests is spent: all 2 were made; raise COINGECKO_MONTHLY_REQUESTS")
	require.NotContains(t, stdout+stderr, "hush")
	code, stdout, stderr = finish(t, t.TempDir(), env, "ingest", "coingecko", "--dry-run")
	require.Equal(t, exitDone, code, stdout+stderr+" a dry run goes by itself")

	var credential string
	db := postgrestest.Open(t, url)
	require.NoError(t, db.NewRaw("SELECT credential FROM upstream_allowances").Scan(t.Context(), &credential))
	require.Equal(t, "coingecko:af3e8112", credential)
}

func TestCredential(t *testing.T) {
	require.Equal(t, "coinpaprika", credential("coinpaprika", ""))
	require.Equal(t, "coinpaprika:ba7816bf", credential("coinpaprika", "abc"), "the first 8 digits of the SHA-256 of abc")
}
