package graph_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

const healthQuery = `{ health { status dbConnectivity version lastRun { source status }
	sources { source status lastRunAt lastSuccessAt lastError nextRunAt fresh } } }`

func TestHealthBeforeTheFirstRun(t *testing.T) {
	w := newWorld(t)
	health := dig(t, w.data(t, healthQuery), "health").(map[string]any)
	require.Equal(t, "HEALTHY", health["status"])
	require.Equal(t, true, health["dbConnectivity"])
	require.Equal(t, "1.2.3", health["version"])
	require.Nil(t, health["lastRun"])
	for i, name := range []string{"coingecko", "coinpaprika", "csv"} {
		source := dig(t, health, "sources", i).(map[string]any)
		require.Equal(t, name, source["source"])
		require.Nil(t, source["status"])
		require.Nil(t, source["lastRunAt"])
		require.Equal(t, false, source["fresh"])
		require.Equal(t, name == "csv", source["nextRunAt"] == nil, "csv alone has no schedule")
	}
}

func TestHealthOfAFailingSource(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 1, 1)
	failed := w.run(t, "coingecko", market.Batch{}, market.RunEnd{Status: market.RunFailed, Error: "no route to host"})
	health := dig(t, w.data(t, healthQuery), "health")
	require.Equal(t, "DEGRADED", dig(t, health, "status"))
	require.Equal(t, map[string]any{"source": "coingecko", "status": "FAILED"}, dig(t, health, "lastRun"))
	source := dig(t, health, "sources", 0).(map[string]any)
	require.Equal(t, "FAILED", source["status"])
	require.Equal(t, "no route to host", source["lastError"])
	require.Equal(t, failed.FinishedAt.UTC().Format(time.RFC3339Nano), source["lastRunAt"])
	require.Equal(t, true, source["fresh"])
	require.Nil(t, dig(t, health, "sources", 1, "lastError"))
}

func TestHealthAnswersWithoutADatabase(t *testing.T) {
	w := newWorld(t)
	w.Handler = w.over(away{})
	require.JSONEq(t, `{"health": {"status": "UNHEALTHY", "dbConnectivity": false, "version": "1.2.3", "lastRun": null, "sources": []}}`,
		w.json(t, healthQuery))
	require.Contains(t, w.log.String(), "connection refused")
}

func TestSources(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 2, 3)
	w.run(t, "coinpaprika", market.Batch{}, market.RunEnd{Status: market.RunFailed, Error: "429"})
	require.JSONEq(t, `{"sources": [
		{"name": "coingecko", "kind": "API", "recordCount": 6, "totalRuns": 1, "succeededRuns": 1, "failedRuns": 0,
		 "lastRun": {"status": "SUCCEEDED"}, "lastError": null, "fresh": true},
		{"name": "coinpaprika", "kind": "API", "recordCount": 6, "totalRuns": 2, "succeededRuns": 1, "failedRuns": 1,
		 "lastRun": {"status": "FAILED"}, "lastError": "429", "fresh": true},
		{"name": "csv", "kind": "FILE", "recordCount": 0, "totalRuns": 0, "succeededRuns": 0, "failedRuns": 0,
		 "lastRun": null, "lastError": null, "fresh": false}]}`,
		w.json(t, `{ sources { name kind recordCount totalRuns succeededRuns failedRuns lastRun { status } lastError fresh } }`))
	times := w.data(t, `{ sources { lastSuccessAt lastFailureAt nextRunAt } }`)
	require.NotNil(t, dig(t, times, "sources", 0, "lastSuccessAt"))
	require.Nil(t, dig(t, times, "sources", 0, "lastFailureAt"))
	require.NotNil(t, dig(t, times, "sources", 1, "lastFailureAt"))
	require.NotNil(t, dig(t, times, "sources", 0, "nextRunAt"))
	require.Nil(t, dig(t, times, "sources", 2, "nextRunAt"))
}

func TestStats(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 2, 3)
	for range 10 {
		w.run(t, "csv", market.Batch{}, succeeded)
	}
	stats := dig(t, w.data(t, `{ stats { totalRecords totalAssets lastRun { source } recentRuns { source }
		sources { source totalRecords recordsProcessed totalRuns succeededRuns failedRuns lastDurationMs averageDurationMs
			lastSuccessAt lastFailureAt } } }`), "stats")
	require.EqualValues(t, 12, dig(t, stats, "totalRecords"))
	require.EqualValues(t, 2, dig(t, stats, "totalAssets"))
	require.Equal(t, "csv", dig(t, stats, "lastRun", "source"))
	require.Len(t, dig(t, stats, "recentRuns"), 10)
	gecko := dig(t, stats, "sources", 0).(map[string]any)
	require.Equal(t, "coingecko", gecko["source"])
	require.EqualValues(t, 6, gecko["totalRecords"])
	require.EqualValues(t, 6, gecko["recordsProcessed"])
	require.EqualValues(t, 1, gecko["totalRuns"])
	require.NotNil(t, gecko["lastDurationMs"])
	require.NotNil(t, gecko["averageDurationMs"])
	require.Nil(t, gecko["lastFailureAt"])
	require.EqualValues(t, 10, dig(t, stats, "sources", 2, "succeededRuns"))
}

func TestServiceConfigTellsTheLimitsInForce(t *testing.T) {
	w := newWorld(t)
	config := dig(t, w.data(t, `{ serviceConfig { defaultPageSize maxPageSize maxQueryTokens maxQueryDepth maxQueryFields maxQueryAliases
		maxRootFields maxQueryDirectives maxRepeatedFields maxNameLength maxListItems maxVariableValues maxTextBytes maxDecimalLength maxIntrospectionDepth
		maxOperationIdBytes maxQueryErrors maxFieldErrors maxPayloadBytes maxQueryCost maxQueryTimeMs maxRequestsPerMinute maxConcurrentRequests maxConcurrentCost maxConcurrentSubscriptions introspection maxBodyBytes consensusMaxAgeSeconds } }`), "serviceConfig")
	require.Equal(t, map[string]any{
		"defaultPageSize": 50.0, "maxPageSize": 500.0, "maxQueryTokens": 4000.0, "maxQueryDepth": 20.0, "maxQueryFields": 1000.0,
		"maxQueryAliases": 100.0, "maxRootFields": 20.0, "maxQueryDirectives": 50.0, "maxRepeatedFields": 100.0, "maxNameLength": 128.0, "maxListItems": 500.0,
		"maxVariableValues": 20000.0, "maxTextBytes": 4096.0, "maxDecimalLength": 100.0, "maxIntrospectionDepth": 2.0, "maxOperationIdBytes": 256.0, "maxQueryErrors": 10.0, "maxFieldErrors": 100.0, "maxPayloadBytes": 33554432.0, "maxQueryCost": 200000.0, "maxQueryTimeMs": 15000.0,
		"maxRequestsPerMinute": 0.0, "maxConcurrentRequests": 0.0, "maxConcurrentCost": 0.0, "maxConcurrentSubscriptions": 0.0,
		"introspection": true, "maxBodyBytes": 4096.0, "consensusMaxAgeSeconds": 129600.0,
	}, config)
}

// twoRuns stores a run that did all there is to do, and one that has begun.
func (w *world) twoRuns(t *testing.T) (base, head market.Run) {
	base = w.run(t, "coingecko", market.Batch{
		Observations: []market.Observation{observe("Bitcoin", "BTC", "1", noon), observe("Ether", "ETH", "2", noon)},
		Rejections:   []market.Rejection{{Payload: []byte(`{}`), Reason: market.Reason{Code: "c", Detail: "d"}}},
		BytesFetched: 5_000_000_000, Effort: market.Effort{Retries: 2, Waits: 4, Waited: 1500 * time.Millisecond},
	}, market.RunEnd{
		Status: market.RunPartial, Error: "half of it", Effort: market.Effort{Retries: 1, Waits: 1, Waited: time.Second},
		Vitals:    market.Vitals{Whole: true, Coins: 3, GoneShare: new(0.5), PriceJump: new(0.125)},
		Anomalies: []string{"half the coins"},
	})
	head, err := w.store.StartRun(t.Context(), market.RunRequest{Source: "coingecko", Kind: market.KindAPI, Trigger: market.TriggerStartup})
	require.NoError(t, err)
	return base, head
}

func TestARunAndItsComparison(t *testing.T) {
	w := newWorld(t)
	base, head := w.twoRuns(t)
	ids := []any{"base", market.GlobalID(market.IDRun, base.ID), "head", market.GlobalID(market.IDRun, head.ID)}
	data := w.data(t, `query ($base: ID!, $head: ID!) {
		etlRun(id: $base) { id source trigger status scheduledAt extracted inserted updated unchanged rejected pages retries
			waits waitedMs coins whole goneShare priceJump stream drifts { id } bytesFetched anomalies error cursorAfter cursorBefore startedAt finishedAt durationMs }
		compareEtlRuns(base: $base, head: $head) { base { id } head { id finishedAt durationMs error trigger }
			anomalies differences { figure base head difference } } }`, ids...)
	run := dig(t, data, "etlRun").(map[string]any)
	require.Equal(t, base.StartedAt.UTC().Format(time.RFC3339Nano), run["startedAt"])
	require.Equal(t, base.FinishedAt.UTC().Format(time.RFC3339Nano), run["finishedAt"])
	require.EqualValues(t, base.FinishedAt.Sub(base.StartedAt).Milliseconds(), run["durationMs"])
	for _, name := range []string{"startedAt", "finishedAt", "durationMs"} {
		delete(run, name)
	}
	require.Equal(t, map[string]any{
		"id": ids[1], "source": "coingecko", "trigger": "MANUAL", "status": "PARTIAL", "scheduledAt": nil, "extracted": 3.0,
		"inserted": 2.0, "updated": 0.0, "unchanged": 0.0, "rejected": 1.0, "pages": 1.0, "retries": 3.0, "bytesFetched": 5e9,
		"waits": 5.0, "waitedMs": 2500.0, "coins": 3.0, "whole": true, "goneShare": 0.5, "priceJump": 0.125, "stream": nil, "drifts": []any{},
		"anomalies": []any{"half the coins"}, "error": "half of it", "cursorBefore": nil,
		"cursorAfter": map[string]any{"after": "run 1"},
	}, run)

	comparison := dig(t, data, "compareEtlRuns")
	require.Equal(t, map[string]any{"id": ids[3], "finishedAt": nil, "durationMs": nil, "error": nil, "trigger": "STARTUP"},
		dig(t, comparison, "head"))
	require.Equal(t, []any{"base: half the coins"}, dig(t, comparison, "anomalies"))
	differences := dig(t, comparison, "differences").([]any)
	require.Len(t, differences, 12)
	require.Nil(t, dig(t, differences, 0, "difference"), "one of them is still running")
	require.Equal(t, map[string]any{"figure": "extracted", "base": 3.0, "head": 0.0, "difference": -3.0}, differences[1])
	require.Equal(t, map[string]any{"figure": "bytesFetched", "base": 5e9, "head": 0.0, "difference": -5e9}, differences[11])
	require.Equal(t, map[string]any{"figure": "coins", "base": 3.0, "head": 0.0, "difference": -3.0}, differences[6])
	require.Equal(t, map[string]any{"figure": "waitedMs", "base": 2500.0, "head": 0.0, "difference": -2500.0}, differences[10])

	require.JSONEq(t, `{"etlRun": null, "other": null}`, w.json(t, `{ etlRun(id: "run_999") { id } other: etlRun(id: "asset_1") { id } }`))
	for _, head := range []string{"run_999", "asset_1"} {
		code, message := w.refused(t, `query ($base: ID!, $head: ID!) { compareEtlRuns(base: $base, head: $head) { anomalies } }`, append(ids[:2:2], "head", head)...)
		require.Equal(t, "NOT_FOUND", code)
		require.Contains(t, message, head)
	}
}
