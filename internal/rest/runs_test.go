package rest_test

import (
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// runOutline is that of a run which ended well, with the outlines of its cursors.
func runOutline(before, after string) string {
	return "{run_id:string source:string trigger:string status:string started_at:string finished_at:string " +
		"duration_ms:number extracted:number inserted:number updated:number unchanged:number rejected:number error:null " +
		"stream:null coins:number pages:number retries:number waits:number waited_ms:number bytes_fetched:number gone_share:null " +
		"price_jump:null cursor_before:" + before + " cursor_after:" + after + " anomalies:[] drifts:[]}"
}

// eventful is the end of a run of which there is all to tell.
func eventful() market.RunEnd {
	return market.RunEnd{
		Status: market.RunPartial, Error: "half of it", Effort: market.Effort{Retries: 2, Waits: 3, Waited: 1500 * time.Millisecond},
		Vitals:    market.Vitals{Whole: true, Coins: 1, GoneShare: new(0.5), PriceJump: new(0.25)},
		Anomalies: []string{"half of the coins are gone"},
		Drifts: []market.Drift{
			{Path: "close", Part: "btc.csv", Kind: market.DriftMissingPath, Expected: "string", RenameCandidate: "closing", Confidence: 0.75},
			{Path: "closing", Part: "btc.csv", Kind: market.DriftNewPath, Seen: "string"},
		},
	}
}

func TestARunTellsEverything(t *testing.T) {
	store := newStore(t)
	ingest(t, store, "csv", eventful(), full())
	ingest(t, store, "csv", succeeded)
	h := service(store, io.Discard)
	runs := ok[struct{ Runs []map[string]json.RawMessage }](t, get(t, h, "/runs")).Runs
	for name, want := range map[string]string{
		"stream": `null`, "coins": `1`, "pages": `1`, "retries": `2`, "waits": `3`, "waited_ms": `1500`, "bytes_fetched": `0`,
		"gone_share": `0.5`, "price_jump": `0.25`, "cursor_before": `null`, "cursor_after": `{"page": 2}`, "error": `"half of it"`,
		"anomalies": `["half of the coins are gone"]`,
		"drifts": `[{"id": "drift_2", "part": "btc.csv", "path": "closing", "kind": "new_path", "expected": null, "seen": "string",
			"rename_candidate": null, "confidence": null},
			{"id": "drift_1", "part": "btc.csv", "path": "close", "kind": "missing_path", "expected": "string", "seen": null,
			"rename_candidate": "closing", "confidence": 0.75}]`,
	} {
		require.JSONEq(t, want, string(runs[1][name]), name)
	}
	require.JSONEq(t, `[]`, string(runs[0]["drifts"]), "those of another run")

	recent := ok[struct {
		RecentRuns []map[string]json.RawMessage `json:"recent_runs"`
	}](t, get(t, h, "/stats")).RecentRuns
	require.Equal(t, runs, recent)
	compared := ok[struct {
		Run1, Run2 map[string]json.RawMessage
		Difference map[string]int
		Anomalies  struct{ Run1, Run2 []string }
	}](t, get(t, h, "/compare-runs?run1=run_1&run2=run_2"))
	require.Equal(t, runs, []map[string]json.RawMessage{compared.Run2, compared.Run1})
	require.Equal(t, []string{"half of the coins are gone"}, compared.Anomalies.Run1)
	require.Empty(t, compared.Anomalies.Run2)
	for name, want := range map[string]int{"coins": -1, "pages": -1, "retries": -2, "waits": -3, "waited_ms": -1500, "bytes_fetched": 0} {
		require.Equal(t, want, compared.Difference[name], name)
	}
}

func TestARunTellsItsStream(t *testing.T) {
	store := newStore(t)
	_, err := store.StartRun(t.Context(), market.RunRequest{
		Source: "csv", Kind: market.KindFile, Stream: market.StreamQuarantine, Trigger: market.TriggerManual,
	})
	require.NoError(t, err)
	runs := ok[struct{ Runs []map[string]any }](t, get(t, service(store, io.Discard), "/runs")).Runs
	require.Equal(t, "quarantine", runs[0]["stream"])
}

func TestRuns(t *testing.T) {
	store := newStore(t)
	h := service(store, io.Discard)
	require.Equal(t, metaOutline+"runs:[]}", outline(t, get(t, h, "/runs").body))
	for range 21 {
		ingest(t, store, "csv", succeeded)
	}
	ingest(t, store, "coingecko", succeeded)
	require.Equal(t, metaOutline+"runs:["+runOutline("null", "null")+"]}", outline(t, get(t, h, "/runs").body))
	for target, want := range map[string]struct {
		count int
		first string
	}{
		"/runs":                              {20, "run_22"},
		"/runs?limit=100":                    {22, "run_22"},
		"/runs?limit=1":                      {1, "run_22"},
		"/runs?limit=":                       {20, "run_22"},
		"/runs?source=csv&limit=100":         {21, "run_21"},
		"/runs?source=csv,coingecko&limit=3": {3, "run_22"},
	} {
		runs := ok[struct{ Runs []run }](t, get(t, h, target)).Runs
		require.Len(t, runs, want.count, target)
		require.Equal(t, want.first, runs[0].RunID, target)
	}
}

func TestCompareRuns(t *testing.T) {
	store := newStore(t)
	ingest(t, store, "csv", succeeded, full(), observe("ethereum", noon, "3000"))
	ingest(t, store, "csv", succeeded, full())
	start(t, store, "csv")
	h := service(store, io.Discard)
	a := get(t, h, "/compare-runs?run1=run_1&run2=run_2")
	require.Equal(t, metaOutline+"run1:"+runOutline("null", "{page:number}")+" run2:"+runOutline("{page:number}", "{page:number}")+" difference:{duration_ms:number extracted:number "+
		"inserted:number updated:number unchanged:number rejected:number coins:number pages:number retries:number waits:number "+
		"waited_ms:number bytes_fetched:number} anomalies:{run1:[] run2:[]}}", outline(t, a.body))

	type comparison struct {
		Run1, Run2 run
		Difference map[string]*int
	}
	forth := ok[comparison](t, a)
	require.Equal(t, []string{"run_1", "run_2"}, []string{forth.Run1.RunID, forth.Run2.RunID})
	require.Equal(t, []int{-1, -2, 1}, []int{*forth.Difference["extracted"], *forth.Difference["inserted"], *forth.Difference["unchanged"]})
	back := ok[comparison](t, get(t, h, "/compare-runs?run1=run_2&run2=run_1"))
	require.Equal(t, "run_2", back.Run1.RunID)
	require.Equal(t, 1, *back.Difference["extracted"])
	require.Zero(t, *ok[comparison](t, get(t, h, "/compare-runs?run1=run_1&run2=run_1")).Difference["duration_ms"])
	require.Nil(t, ok[comparison](t, get(t, h, "/compare-runs?run1=run_1&run2=run_3")).Difference["duration_ms"])

	require.Contains(t, requireProblem(t, get(t, h, "/compare-runs?run1=run_1&run2=run_99"), 404).Detail, "run_99")
}
