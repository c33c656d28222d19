package rest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

type health struct {
	Status  string
	DB      bool       `json:"db_connectivity"`
	Last    string     `json:"etl_last_run_status"`
	LastAt  *time.Time `json:"etl_last_run_at"`
	Version string
	Sources []struct {
		Source        string
		Status        string
		LastRunAt     *time.Time `json:"last_run_at"`
		LastSuccessAt *time.Time `json:"last_success_at"`
		LastError     *string    `json:"last_error"`
		NextRunAt     *time.Time `json:"next_run_at"`
		Fresh         bool
	}
}

const healthOutline = "{status:string db_connectivity:bool etl_last_run_status:string etl_last_run_at:"

func TestHealthFromTheFirstMomentOn(t *testing.T) {
	store := newStore(t)
	h := service(store, io.Discard)

	a := get(t, h, "/health")
	require.Equal(t, healthOutline+"null version:string sources:[]}", outline(t, a.body))
	require.Equal(t, health{Status: "healthy", DB: true, Last: "never_run", Version: "v1.2.3", Sources: ok[health](t, a).Sources}, ok[health](t, a))

	ingest(t, store, "coingecko", succeeded, full())
	a = get(t, h, "/health")
	require.Equal(t, healthOutline+"string version:string sources:[{source:string status:string last_run_at:string "+
		"last_success_at:string last_error:null next_run_at:string fresh:bool}]}", outline(t, a.body))
	got := ok[health](t, a)
	require.Equal(t, []any{"healthy", "succeeded", "succeeded", true}, []any{got.Status, got.Last, got.Sources[0].Status, got.Sources[0].Fresh})
	require.Equal(t, got.LastAt, got.Sources[0].LastSuccessAt)

	ingest(t, store, "csv", market.RunEnd{Status: market.RunFailed, Error: "prices.csv has no date column"})
	got = ok[health](t, get(t, h, "/health"))
	require.Equal(t, []any{"degraded", "failed", true}, []any{got.Status, got.Last, got.DB})
	csv := got.Sources[1]
	require.Equal(t, "prices.csv has no date column", *csv.LastError)
	require.False(t, csv.Fresh)
	require.Nil(t, csv.NextRunAt, "csv has no schedule")
	require.Nil(t, csv.LastSuccessAt)

	run := start(t, store, "csv")
	got = ok[health](t, get(t, h, "/health"))
	require.Equal(t, []string{"running", "running"}, []string{got.Last, got.Sources[1].Status})
	require.True(t, run.StartedAt.Equal(*got.LastAt), "a run that goes on shows when it began")
}

func TestHealthNeedsNoKeyAndAllowsAnyQuery(t *testing.T) {
	h := service(newStore(t), io.Discard)
	require.Equal(t, http.StatusOK, get(t, h, "/health?t=1767355200").StatusCode)
	require.JSONEq(t, `{"status":"alive"}`, string(get(t, h, "/livez").body))
	require.JSONEq(t, `{"status":"ready"}`, string(get(t, h, "/readyz").body))
}

func TestHealthWithoutADatabase(t *testing.T) {
	requireUnhealthy(t, get(t, service(away(t), io.Discard), "/health"))
}

func requireUnhealthy(t *testing.T, a answer) {
	t.Helper()
	require.Equal(t, http.StatusServiceUnavailable, a.StatusCode)
	require.Equal(t, healthOutline+"null version:string sources:[]}", outline(t, a.body))
	var got health
	require.NoError(t, json.Unmarshal(a.body, &got))
	require.Equal(t, []any{"unhealthy", false, "unknown", "v1.2.3"}, []any{got.Status, got.DB, got.Last, got.Version})
}

// stalled is a database that takes every question and never answers.
type stalled struct{ market.Reader }

func (stalled) Ping(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func (stalled) SourceStates(ctx context.Context) ([]market.SourceState, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (stalled) CountRecords(ctx context.Context, _ market.RecordFilter) (int64, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func TestAStalledDatabaseIsGivenUp(t *testing.T) {
	for target, within := range map[string]time.Duration{"/health": 2 * time.Second, "/readyz": 2 * time.Second, "/data": 15 * time.Second} {
		t.Run(target, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // its clock is not the real one
				began := time.Now()
				a := get(t, service(stalled{}, io.Discard), target)
				require.Less(t, time.Since(began), within)
				if target == "/health" {
					requireUnhealthy(t, a)
					return
				}
				requireProblem(t, a, http.StatusServiceUnavailable)
			})
		})
	}
}
