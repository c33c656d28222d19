package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// The same item, rejected again after it had become a record, waits again: it is one item still.
func TestWhatIsRejectedAgainIsReopened(t *testing.T) {
	s := newStore(t)
	run := start(t, s, "coingecko")
	item := market.Rejection{ExternalID: "x\x00", Reason: market.Reason{Code: "bad_number", Detail: "first"}, Payload: []byte("{}")}
	reject(t, s, run, item)
	id := waiting(t, s, "coingecko", 0)[0].ID
	resolve := market.Batch{FetchedAt: noon, Observations: []market.Observation{observe("x", noon, "1")}, Resolves: []int64{id}}
	retry(t, s, run, resolve)
	require.Empty(t, waiting(t, s, "coingecko", 0))
	first := rejections(t, s)[0]

	item.Reason.Detail = "then"
	finish(t, s, run)
	run = start(t, s, "coingecko")
	reject(t, s, run, item, item)
	again := rejections(t, s)
	require.Len(t, again, 1)
	require.Nil(t, again[0].ResolvedAt)
	require.Equal(t, "then", again[0].Reason.Detail)
	require.Equal(t, first.RunID, again[0].RunID, "the run that met it first")
	require.Equal(t, id, waiting(t, s, "coingecko", 0)[0].ID)

	resolve.Rejections = []market.Rejection{item} // in one page with its own rejection, what is resolved stays so
	retry(t, s, run, resolve)
	require.Empty(t, waiting(t, s, "coingecko", 0))
}
