package postgres_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// What an answer may carry bounds what is read for it.
func TestNoMorePayloadsAreReadThanAreCarried(t *testing.T) {
	s := newStore(t)
	run := start(t, s, "coingecko")
	reason := market.Reason{Code: "bad_number"}
	for _, id := range []string{"a", "b", "c"} {
		reject(t, s, run, market.Rejection{ExternalID: id, Reason: reason, Payload: bytes.Repeat([]byte(id), 1000)})
	}
	first := observe("bitcoin", noon, "1")
	commit(t, s, run, first)
	page, err := s.Rejections(t.Context(), market.RejectionFilter{}, market.Window[int64]{Size: 10})
	require.NoError(t, err)
	ids := []int64{page.Items[0].ID, page.Items[1].ID, page.Items[2].ID}
	records, err := s.Records(t.Context(), market.RecordFilter{}, market.RecordsNewestFirst, market.Window[market.RecordKey]{Size: 10})
	require.NoError(t, err)

	payloads, err := s.RejectedPayloads(market.WithPayloads(t.Context(), 3000), ids)
	require.NoError(t, err)
	require.Len(t, payloads, 3)
	_, err = s.RejectedPayloads(market.WithPayloads(t.Context(), 2999), ids)
	var large *market.TooLargeError
	require.ErrorAs(t, err, &large)
	require.Equal(t, market.TooLargeError{Met: 3000, Limit: 2999}, *large)
	_, err = s.Payloads(market.WithPayloads(t.Context(), 10), records.Items)
	require.ErrorAs(t, err, &large)
	_, err = s.Payloads(market.WithPayloads(t.Context(), 1000), records.Items)
	require.NoError(t, err)
}
