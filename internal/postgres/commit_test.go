package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func TestACommittedPageIsReadBackToTheDigit(t *testing.T) {
	s := newStore(t)
	run := start(t, s, "coingecko")
	o := observe("bitcoin", noon.Add(123456*time.Microsecond), "0.123456789012345678901234567890")
	o.MarketCapUSD = decimal.NewNullDecimal(decimal.RequireFromString("1.01101101e+16"))
	o.PercentChange1h = decimal.NewNullDecimal(decimal.RequireFromString("4.37e-06"))
	rank := int32(1)
	o.Rank = &rank
	done := commit(t, s, run, o)
	require.Equal(t, market.Counters{Extracted: 1, Inserted: 1, Pages: 1}, done)

	got := newest(t, s, market.RecordFilter{})
	require.Len(t, got, 1)
	require.Equal(t, o.ObservedAt, got[0].ObservedAt)
	require.Equal(t, "0.12345678901234567890123456789", got[0].PriceUSD.String())
	require.Equal(t, "10110110100000000", got[0].MarketCapUSD.String())
	require.Equal(t, "0.00000437", got[0].PercentChange1h.String())
	require.False(t, got[0].MaxSupply.Valid())
	require.EqualValues(t, 1, *got[0].Rank)
	require.Equal(t, "bitcoin", got[0].ExternalID)
	require.Equal(t, run.ID, got[0].RunID)

	payloads, err := s.Payloads(t.Context(), got)
	require.NoError(t, err)
	require.JSONEq(t, string(o.Payload), string(payloads[got[0].RawID]))

	latest, err := s.Latest(t.Context(), []int64{got[0].AssetID}, "coingecko")
	require.NoError(t, err)
	require.Equal(t, got, latest)
}

func TestTheSamePageAgainChangesNothing(t *testing.T) {
	db := postgrestest.New(t)
	s := postgres.New(db, identity.Resolve)
	run := start(t, s, "coingecko")
	page := []market.Observation{observe("bitcoin", noon, "1"), observe("ethereum", noon, "2")}
	commit(t, s, run, page...)
	before := newest(t, s, market.RecordFilter{})
	require.Equal(t, market.Counters{Extracted: 2, Unchanged: 2, Pages: 1}, commit(t, s, run, page...))
	require.Equal(t, before, newest(t, s, market.RecordFilter{}))

	var raws int
	require.NoError(t, db.NewRaw("SELECT count(*) FROM raw_records").Scan(t.Context(), &raws))
	require.Equal(t, 2, raws)
}

func TestACorrectedPayloadUpdatesItsRecord(t *testing.T) {
	s := newStore(t)
	run := start(t, s, "coingecko")
	commit(t, s, run, observe("bitcoin", noon, "1"))
	require.Equal(t, market.Counters{Extracted: 1, Updated: 1, Pages: 1}, commit(t, s, run, observe("bitcoin", noon, "1.5")))
	got := newest(t, s, market.RecordFilter{})
	require.Len(t, got, 1)
	require.Equal(t, "1.5", got[0].PriceUSD.String())
	n, err := s.CountRecords(t.Context(), market.RecordFilter{})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}

// An item that is there twice counts as if the two had come one after the other.
func TestDoublesWithinAPage(t *testing.T) {
	s := newStore(t)
	run := start(t, s, "coingecko")
	first, second := observe("bitcoin", noon, "1"), observe("bitcoin", noon, "2")
	require.Equal(t, market.Counters{Extracted: 3, Inserted: 1, Unchanged: 1, Updated: 1, Pages: 1},
		commit(t, s, run, first, first, second))
	got := newest(t, s, market.RecordFilter{})
	require.Len(t, got, 1)
	require.Equal(t, "2", got[0].PriceUSD.String())
	require.Equal(t, market.Counters{Extracted: 2, Inserted: 1, Unchanged: 1, Pages: 1},
		commit(t, s, run, observe("ethereum", noon, "3"), observe("ethereum", noon, "3")))
	require.Len(t, newest(t, s, market.RecordFilter{}), 2)
}

func TestLatestNeverGoesBack(t *testing.T) {
	s := newStore(t)
	run := start(t, s, "coingecko")
	commit(t, s, run, observe("bitcoin", noon, "2"))
	commit(t, s, run, observe("bitcoin", noon.Add(-time.Hour), "1"))
	asset := newest(t, s, market.RecordFilter{})[0].AssetID
	latest, err := s.Latest(t.Context(), []int64{asset}, "")
	require.NoError(t, err)
	require.Len(t, latest, 1)
	require.Equal(t, "2", latest[0].PriceUSD.String())
	commit(t, s, run, observe("bitcoin", noon.Add(time.Hour), "3"))
	latest, err = s.Latest(t.Context(), []int64{asset}, "")
	require.NoError(t, err)
	require.Equal(t, "3", latest[0].PriceUSD.String())
}

func TestAPageIsStoredWholeOrNotAtAll(t *testing.T) {
	s := newStore(t)
	run := start(t, s, "coingecko")
	broken := observe("ethereum", noon, "2")
	broken.Payload = []byte(`{"nul":"\u0000"}`)
	_, err := s.CommitBatch(t.Context(), run.ID, market.Batch{
		Source: "coingecko", FetchedAt: time.Now(), Next: `{}`,
		Observations: []market.Observation{observe("bitcoin", noon, "1"), broken},
	})
	require.Error(t, err)
	require.Empty(t, newest(t, s, market.RecordFilter{}))
	runs, err := s.RunsByID(t.Context(), []int64{run.ID})
	require.NoError(t, err)
	require.Zero(t, runs[0].Counters)
}

func TestAClosedRunCannotCommit(t *testing.T) {
	s := newStore(t)
	run := start(t, s, "coingecko")
	finish(t, s, run)
	_, err := s.CommitBatch(t.Context(), run.ID, market.Batch{
		Source: "coingecko", FetchedAt: time.Now(), Next: `{}`, Observations: []market.Observation{observe("bitcoin", noon, "1")},
	})
	require.ErrorIs(t, err, market.ErrFenced)
	require.Empty(t, newest(t, s, market.RecordFilter{}))
	require.ErrorIs(t, s.Heartbeat(t.Context(), run.ID), market.ErrFenced)
}

func TestRejectionsAreKeptOnce(t *testing.T) {
	s := newStore(t)
	run := start(t, s, "coingecko")
	batch := market.Batch{
		Source: "coingecko", FetchedAt: time.Now(), Next: `{}`,
		Rejections: []market.Rejection{{
			ExternalID: "-", Reason: market.Reason{Code: "missing_price", Field: "current_price", Detail: "no price"},
			Payload: []byte("\x00\xff not even text"),
		}},
	}
	for range 2 {
		done, err := s.CommitBatch(context.Background(), run.ID, batch)
		require.NoError(t, err)
		require.Equal(t, market.Counters{Extracted: 1, Rejected: 1, Pages: 1}, done)
	}
	page, err := s.Rejections(t.Context(), market.RejectionFilter{}, market.Window[int64]{Size: 10})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	payloads, err := s.RejectedPayloads(t.Context(), []int64{page.Items[0].ID})
	require.NoError(t, err)
	require.Equal(t, batch.Rejections[0].Payload, payloads[page.Items[0].ID])
	require.Equal(t, batch.Rejections[0].Reason, page.Items[0].Reason)
	require.Equal(t, run.ID, page.Items[0].RunID)
}

// An external id may be any text, also one that means something where lists are written.
func TestPayloadsUnderAnyExternalID(t *testing.T) {
	s := newStore(t)
	run := start(t, s, "csv")
	ids := []string{`q"uo\te`, `it's`, `{a,b}`, `NULL`, `a ? b`, "tab\t\n", "\u2028é", `\`, ` `, `$1`, `\x41`}
	var page []market.Observation
	for _, id := range ids {
		page = append(page, observe(id, noon, "1"))
	}
	commit(t, s, run, page...)
	records := newest(t, s, market.RecordFilter{})
	require.Len(t, records, len(ids))
	payloads, err := s.Payloads(t.Context(), records)
	require.NoError(t, err)
	require.Len(t, payloads, len(ids))
	for _, r := range records {
		require.JSONEq(t, string(observe(r.ExternalID, noon, "1").Payload), string(payloads[r.RawID]))
		require.Contains(t, ids, r.ExternalID)
	}
}
