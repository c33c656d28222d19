package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

func TestNodeFindsEveryKind(t *testing.T) {
	w := newWorld(t)
	w.run(t, "coingecko", market.Batch{
		Observations: []market.Observation{observe("Bitcoin", "BTC", "64000", noon)},
		Rejections:   []market.Rejection{{Payload: []byte(`1`), Reason: market.Reason{Code: "a", Detail: "b"}}, {Payload: []byte(`2`), Reason: market.Reason{Code: "a", Detail: "b"}}},
	}, drifted(2))
	w.twins(t, 1, 1)
	for list, kind := range map[string]string{
		"assets": "Asset", "records": "Record", "etlRuns": "EtlRun", "rejections": "Rejection", "drifts": "Drift", "matchChanges": "MatchChange",
	} {
		t.Run(kind, func(t *testing.T) {
			found := w.data(t, `{ `+list+` { nodes { id } } }`)
			id := dig(t, found, list, "nodes", 0, "id")
			require.Equal(t, map[string]any{"node": map[string]any{"__typename": kind, "id": id}},
				w.data(t, `query ($id: ID!) { node(id: $id) { __typename id } }`, "id", id))
		})
	}
	listing := dig(t, w.data(t, `{ asset(slug: "bitcoin") { listings { id } } }`), "asset", "listings", 0, "id")
	require.Equal(t, map[string]any{"node": map[string]any{"id": listing, "externalId": "id-Bitcoin", "asset": map[string]any{"slug": "bitcoin"}}},
		w.data(t, `query ($id: ID!) { node(id: $id) { id ... on Listing { externalId asset { slug } } } }`, "id", listing))
	for _, id := range []string{
		"", "x", "asset", "asset_", "asset_0", "asset_999", "run_999", "rejection_999", "record_1", "record_999_1",
		"record_1_9223372036854775807", "record_1_-9223372036854775808", "asset_99999999999999999999", "listing_999", "listing_x", "candidate_1",
		"rejection_9223372036854775807", "drift_999", "drift_0", "drift_x", "drift_9223372036854775807", "change_999", "change_0", "change_x",
	} {
		t.Run(id, func(t *testing.T) {
			require.JSONEq(t, `{"node": null}`, w.json(t, `query ($id: ID!) { node(id: $id) { id } }`, "id", id))
		})
	}
}
