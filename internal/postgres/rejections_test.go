package postgres_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
)

func reject(t *testing.T, s *postgres.Store, run market.Run, rejections ...market.Rejection) {
	t.Helper()
	_, err := s.CommitBatch(t.Context(), run.ID, market.Batch{Source: run.Source, FetchedAt: time.Now(), Next: `{}`, Rejections: rejections})
	require.NoError(t, err)
}

// Whatever is wrong with an item, it can be kept, and never keeps the rest of its page out.
func TestAnyItemCanBeKept(t *testing.T) {
	long := make([]byte, 6000)
	_, err := rand.Read(long)
	require.NoError(t, err)
	s := newStore(t)
	run := start(t, s, "coingecko")
	reason := market.Reason{Code: "bad_number", Field: "x\x00\xff", Detail: "y\x00\xff'"}
	odd := []market.Rejection{
		{ExternalID: fmt.Sprintf("%x", long), Reason: reason, Payload: long},
		{ExternalID: "no payload", Reason: reason},
		{ExternalID: "nul \x00 and no UTF-8 \xff", Reason: reason, Payload: []byte{0, 255}},
		{ExternalID: "", Reason: reason, Payload: []byte("{}")},
	}
	reject(t, s, run, odd...)
	reject(t, s, run, append(odd, odd...)...)
	got, err := s.Rejections(t.Context(), market.RejectionFilter{}, market.Window[int64]{Size: 10})
	require.NoError(t, err)
	require.Len(t, got.Items, len(odd))
	slices.Reverse(got.Items)
	payloads, err := s.RejectedPayloads(t.Context(), []int64{got.Items[0].ID, got.Items[1].ID, got.Items[2].ID, got.Items[3].ID})
	require.NoError(t, err)
	for i, r := range got.Items {
		require.Equal(t, string(odd[i].Payload), string(payloads[r.ID]))
		require.Equal(t, "bad_number", r.Reason.Code)
	}
	require.Equal(t, "nul \uFFFD and no UTF-8 \uFFFD", got.Items[2].ExternalID)
}

func TestPagingThroughRejections(t *testing.T) {
	s := newStore(t)
	var runs []market.Run
	for _, source := range seedSources[:2] {
		run := start(t, s, source)
		for n := range 9 {
			reject(t, s, run, market.Rejection{
				ExternalID: fmt.Sprint(n), Reason: market.Reason{Code: []string{"missing_price", "bad_time"}[n%2]}, Payload: []byte{byte(n)},
			})
		}
		runs = append(runs, run)
	}
	yes, no := true, false
	for name, c := range map[string]struct {
		f    market.RejectionFilter
		want int
	}{
		"all": {market.RejectionFilter{}, 18}, "a source": {market.RejectionFilter{Sources: seedSources[:1]}, 9},
		"a code": {market.RejectionFilter{Codes: []string{"bad_time"}}, 8}, "a run": {market.RejectionFilter{RunID: &runs[1].ID}, 9},
		"open": {market.RejectionFilter{Resolved: &no}, 18}, "resolved": {market.RejectionFilter{Resolved: &yes}, 0},
		"both": {market.RejectionFilter{Sources: seedSources[:1], Codes: []string{"missing_price", "\x00'"}}, 5},
		"none": {market.RejectionFilter{Codes: []string{}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			requirePagedByID(t, c.want, func(r market.Rejection) int64 { return r.ID },
				func(w market.Window[int64]) (market.Page[market.Rejection], error) {
					return s.Rejections(t.Context(), c.f, w)
				},
				func() (int64, error) { return s.CountRejections(t.Context(), c.f) })
		})
	}
}
