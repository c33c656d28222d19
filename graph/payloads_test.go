package graph_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/market"
)

// An answer carries as many bytes of payloads as it may, however often they are asked for, and not one more.
func TestAnswersCarrySoManyPayloadsAtMost(t *testing.T) {
	w := newWorld(t)
	w.run(t, "csv", market.Batch{
		Observations: []market.Observation{observe("Bitcoin", "BTC", "1", noon), observe("Ether", "ETH", "1", noon)},
		Rejections:   []market.Rejection{{Payload: []byte(strings.Repeat("x", 1000)), Reason: market.Reason{Code: "bad_number", Detail: "-"}}},
	}, succeeded)
	var raw int64
	require.NoError(t, w.db.NewRaw("SELECT sum(length(payload::text)) FROM raw_records").Scan(t.Context(), &raw))
	for name, c := range map[string]struct {
		query string
		bytes int64 // that the answer carries
	}{
		"of records":                   {`{ records { nodes { raw } } }`, raw},
		"of records, in edges":         {`{ records { edges { node { raw rawExpired } } } }`, raw},
		"of records, by the executor":  {`{ records { nodes { raw asset { listings { id } } } } }`, raw},
		"of records, again and again":  {`{ a: records { nodes { x: raw y: raw } } b: records { nodes { raw asset { listings { id } } } } }`, 3 * raw},
		"of rejections":                {`{ rejections { nodes { payload } } }`, 1000},
		"of rejections and records":    {`{ rejections { nodes { a: payload b: payload } } records { nodes { raw } } }`, 2000 + raw},
		"of the same answer, by parts": {`{ a: records(first: 1) { nodes { raw } } b: records(last: 1) { nodes { raw } } }`, raw},
	} {
		t.Run(name, func(t *testing.T) {
			require.NotContains(t, w.carrying(t, c.bytes, c.query), `"errors"`)
			refused := w.carrying(t, c.bytes-1, c.query)
			require.Contains(t, refused, `bytes of payloads; at most`)
			require.Contains(t, refused, `"code":"QUERY_TOO_COMPLEX"`)
		})
	}
}

// Whoever does not ask for what is large is answered.
func TestRejectionsThatAreLargeCanBeListed(t *testing.T) {
	w := newWorld(t)
	w.run(t, "csv", market.Batch{Rejections: []market.Rejection{{Payload: []byte(strings.Repeat("x", 5000)), Reason: market.Reason{Code: "bad_number", Detail: "-"}}}}, succeeded)
	require.NotContains(t, w.carrying(t, 4999, `{ rejections { nodes { id reason detail } } }`), `"errors"`)
	require.Contains(t, w.carrying(t, 4999, `{ rejections { nodes { id payload } } }`), `"met":5000`)
}

// carrying asks a service whose answers may carry so many bytes of payloads.
func (w *world) carrying(t *testing.T, most int64, query string) string {
	t.Helper()
	h := w.with(w.store, func(o *graph.Options) {
		o.Limits = graph.DefaultLimits
		o.Limits.PayloadBytes = most
	})
	_, body := post(t.Context(), t, h, query)
	return body
}
