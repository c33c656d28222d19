package graph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// drifted ends a run that has met so many new paths.
func drifted(paths int) market.RunEnd {
	end := succeeded
	for i := range paths {
		end.Drifts = append(end.Drifts, market.Drift{Path: fmt.Sprintf("path.%03d", i), Kind: market.DriftNewPath, Seen: "number"})
	}
	return end
}

func TestDriftsAreShownWhole(t *testing.T) {
	w := newWorld(t)
	end := succeeded
	end.Drifts = []market.Drift{
		{Path: "quotes.USD.price", Kind: market.DriftMissingPath, Expected: "null|number", RenameCandidate: "quotes.USD.last_price", Confidence: 0.75},
		{Path: "close", Part: "btc.csv", Kind: market.DriftTypeChanged, Expected: "number", Seen: "number|string"},
		{Path: "tags[]", Kind: market.DriftNewPath, Seen: "string"},
	}
	gecko := market.GlobalID(market.IDRun, w.run(t, "coingecko", market.Batch{}, end).ID)
	csv := market.GlobalID(market.IDRun, w.run(t, "csv", market.Batch{}, drifted(1)).ID)

	require.JSONEq(t, `{"drifts": {"totalCount": 4, "nodes": [
		{"source": "csv", "part": null, "path": "path.000", "kind": "NEW_PATH", "expected": null, "seen": "number",
		 "renameCandidate": null, "confidence": null, "run": {"id": "`+csv+`"}},
		{"source": "coingecko", "part": null, "path": "tags[]", "kind": "NEW_PATH", "expected": null, "seen": "string",
		 "renameCandidate": null, "confidence": null, "run": {"id": "`+gecko+`"}},
		{"source": "coingecko", "part": "btc.csv", "path": "close", "kind": "TYPE_CHANGED", "expected": "number", "seen": "number|string",
		 "renameCandidate": null, "confidence": null, "run": {"id": "`+gecko+`"}},
		{"source": "coingecko", "part": null, "path": "quotes.USD.price", "kind": "MISSING_PATH", "expected": "null|number", "seen": null,
		 "renameCandidate": "quotes.USD.last_price", "confidence": 0.75, "run": {"id": "`+gecko+`"}}]}}`,
		w.json(t, `{ drifts { totalCount nodes { source part path kind expected seen renameCandidate confidence run { id } } } }`))
	require.NotEmpty(t, dig(t, w.data(t, `{ drifts { nodes { createdAt } } }`), "drifts", "nodes", 0, "createdAt"))

	for filter, total := range map[string]int{
		`{run: "` + gecko + `"}`:                3,
		`{run: "run_999"}`:                      0,
		`{kind: [NEW_PATH]}`:                    2,
		`{kind: [MISSING_PATH TYPE_CHANGED]}`:   2,
		`{kind: []}`:                            0,
		`{source: ["csv"]}`:                     1,
		`{source: null, kind: null, run: null}`: 4,
	} {
		data := w.data(t, `{ drifts(filter: `+filter+`) { totalCount nodes { id } } }`)
		require.EqualValues(t, total, dig(t, data, "drifts", "totalCount"), filter)
		require.Len(t, dig(t, data, "drifts", "nodes"), total, filter)
	}
}

func TestARunListsItsOwnDriftsUpToAHundred(t *testing.T) {
	w := newWorld(t)
	w.run(t, "csv", market.Batch{}, drifted(2))
	w.run(t, "csv", market.Batch{}, drifted(150))
	w.run(t, "csv", market.Batch{}, succeeded)
	runs := dig(t, w.data(t, `{ etlRuns { nodes { id drifts { path run { id } } } } }`), "etlRuns", "nodes")
	require.Empty(t, dig(t, runs, 0, "drifts"))
	for place, want := range map[int]struct{ length, newest int }{1: {100, 149}, 2: {2, 1}} {
		drifts := dig(t, runs, place, "drifts").([]any)
		require.Len(t, drifts, want.length)
		for i, drift := range drifts {
			require.Equal(t, fmt.Sprintf("path.%03d", want.newest-i), dig(t, drift, "path"))
			require.Equal(t, dig(t, runs, place, "id"), dig(t, drift, "run", "id"))
		}
	}
}

func TestARunTellsItsStream(t *testing.T) {
	w := newWorld(t)
	for _, stream := range []string{"", market.StreamQuarantine, "history 2024-01-01/2024-02-01"} {
		_, err := w.store.StartRun(t.Context(), market.RunRequest{Source: "csv", Kind: market.KindFile, Stream: stream, Trigger: market.TriggerManual})
		require.NoError(t, err)
	}
	const list = `{ etlRuns(filter: {live: %s}) { totalCount nodes { stream } } }`
	require.JSONEq(t, `{"etlRuns": {"totalCount": 1, "nodes": [{"stream": null}]}}`, w.json(t, fmt.Sprintf(list, "true")))
	require.JSONEq(t, `{"etlRuns": {"totalCount": 2, "nodes": [{"stream": "history 2024-01-01/2024-02-01"}, {"stream": "quarantine"}]}}`,
		w.json(t, fmt.Sprintf(list, "false")))
}

func TestAnExpiredPayloadIsToldFromOneThatIsThere(t *testing.T) {
	w := newWorld(t)
	w.run(t, "csv", market.Batch{Observations: []market.Observation{observe("Old", "OLD", "1", noon), observe("New", "NEW", "2", noon)}}, succeeded)
	_, err := w.db.ExecContext(t.Context(), "DELETE FROM raw_records WHERE external_id = 'id-Old'")
	require.NoError(t, err)
	const query = `{ records { nodes { externalId rawExpired raw } } }`
	nodes := dig(t, w.data(t, query), "records", "nodes").([]any)
	require.Len(t, nodes, 2)
	for _, node := range nodes {
		expired := dig(t, node, "externalId") == "id-Old"
		require.Equal(t, expired, dig(t, node, "rawExpired"))
		require.Equal(t, expired, dig(t, node, "raw") == nil)
	}
	both, _ := w.statementsFor(t, query)
	one, _ := w.statementsFor(t, `{ records { nodes { raw } } }`)
	require.Equal(t, one, both, "both are read together")
}
