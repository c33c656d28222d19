package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func waiting(t *testing.T, s *postgres.Store, source string, after int64) []market.Rejection {
	t.Helper()
	list, err := s.WaitingRejections(t.Context(), source, after)
	require.NoError(t, err)
	return list
}

func rejections(t *testing.T, s *postgres.Store) []market.Rejection {
	t.Helper()
	got, err := s.Rejections(t.Context(), market.RejectionFilter{}, market.Window[int64]{Size: 10})
	require.NoError(t, err)
	return got.Items
}

// retry commits a page of items of quarantine that were fetched at a time.
func retry(t *testing.T, s *postgres.Store, run market.Run, b market.Batch) market.Counters {
	t.Helper()
	b.Source = run.Source
	done, err := s.CommitBatch(t.Context(), run.ID, b)
	require.NoError(t, err)
	return done
}

func TestWhatWaitsIsReadInStretches(t *testing.T) {
	s := newStore(t)
	run, other := start(t, s, "coingecko"), start(t, s, "csv")
	many := make([]market.Rejection, 501)
	for i := range many {
		many[i] = market.Rejection{ExternalID: fmt.Sprint(i), Reason: market.Reason{Code: "bad_number"}, Payload: fmt.Append(nil, i)}
	}
	reject(t, s, run, many...)
	reject(t, s, other, many[:2]...)
	first := waiting(t, s, "coingecko", 0)
	require.Len(t, first, 500)
	retry(t, s, run, market.Batch{FetchedAt: time.Now(), Resolves: []int64{first[0].ID, first[499].ID}})
	again := waiting(t, s, "coingecko", 0)
	require.Len(t, again, 499)
	require.Equal(t, first[1], again[0])
	require.Equal(t, many[1].Payload, again[0].Payload)
	last := waiting(t, s, "coingecko", again[498].ID)
	require.Empty(t, last)
	require.Equal(t, "500", again[498].ExternalID)
	require.Len(t, waiting(t, s, "csv", 0), 2)
}

// A rejection of a rebuild is younger than its run: its payload was fetched in that run.
func TestWhenARejectionWasFetched(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	run := start(t, s, "coingecko")
	reject(t, s, run, market.Rejection{ExternalID: "live", Reason: market.Reason{Code: "bad_number"}})
	finish(t, s, run)
	live := rejections(t, s)[0]
	_, err := db.ExecContext(t.Context(), `INSERT INTO rejections (run_id, source_id, external_id, reason, field, detail, payload, payload_hash)
		SELECT run_id, source_id, 'rebuilt', reason, field, detail, payload, payload_hash FROM rejections`)
	require.NoError(t, err)
	list := waiting(t, s, "coingecko", 0)
	require.Len(t, list, 2)
	require.Equal(t, live.CreatedAt, list[0].CreatedAt)
	require.Equal(t, run.StartedAt, list[1].CreatedAt)
}

func TestWhatIsStillRejectedKeepsItsRow(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	run := start(t, s, "coingecko")
	payload := []byte(`{"id":"x"}`)
	reason := func(code string) market.Reason {
		return market.Reason{Code: code, Field: "f\x00", Detail: code + " it is"}
	}
	for _, code := range []string{"first", "second", "third"} {
		reject(t, s, run, market.Rejection{ExternalID: "x", Reason: reason(code), Payload: payload})
	}
	reject(t, s, run, market.Rejection{ExternalID: "y", Reason: reason("first"), Payload: payload})
	list := waiting(t, s, "coingecko", 0)
	again := func(i int, code string) market.Rejection {
		return market.Rejection{ID: list[i].ID, Reason: reason(code), Payload: payload}
	}
	done := retry(t, s, run, market.Batch{FetchedAt: time.Now(), Rejections: []market.Rejection{
		again(0, "fourth"), again(1, "fourth"), again(2, "third"), again(3, "second"),
	}})
	require.Equal(t, market.Counters{Extracted: 4, Rejected: 4, Pages: 1}, done)
	var codes []string
	for _, r := range rejections(t, s) {
		codes = append(codes, r.ExternalID+" "+r.Reason.Code)
		require.Equal(t, r.Reason.Code+" it is", r.Reason.Detail)
		require.Equal(t, "f\uFFFD", r.Reason.Field)
		require.Nil(t, r.ResolvedAt)
	}
	require.Equal(t, []string{"y second", "x third", "x second", "x fourth"}, codes, "the same item waits for a reason once")
	require.Len(t, waiting(t, s, "coingecko", 0), 4)
}

func TestWhatIsResolvedStaysResolved(t *testing.T) {
	s := newStore(t)
	run, other := start(t, s, "coingecko"), start(t, s, "csv")
	reject(t, s, run, market.Rejection{ExternalID: "x", Reason: market.Reason{Code: "bad_number"}, Payload: []byte("{}")})
	id := waiting(t, s, "coingecko", 0)[0].ID
	retry(t, s, other, market.Batch{FetchedAt: time.Now(), Resolves: []int64{id}})
	require.Len(t, waiting(t, s, "coingecko", 0), 1, "it is another source's")
	done := retry(t, s, run, market.Batch{FetchedAt: noon, Observations: []market.Observation{observe("x", noon, "1")}, Resolves: []int64{id}})
	require.Equal(t, market.Counters{Extracted: 1, Inserted: 1, Pages: 1}, done)
	require.Empty(t, waiting(t, s, "coingecko", 0))
	resolved := rejections(t, s)[0]
	require.NotNil(t, resolved.ResolvedAt)
	retry(t, s, run, market.Batch{FetchedAt: noon, Resolves: []int64{id}})
	retry(t, s, run, market.Batch{FetchedAt: noon, Rejections: []market.Rejection{{ID: id, Reason: market.Reason{Code: "other"}}}})
	require.Equal(t, resolved, rejections(t, s)[0])
}

// keepRaw does what dropping a month does with the payload of a newest record, or with that of another.
func keepRaw(t *testing.T, db *bun.DB, keep bool) {
	t.Helper()
	if keep {
		_, err := db.ExecContext(t.Context(), `INSERT INTO raw_kept SELECT * FROM raw_records`)
		require.NoError(t, err)
	}
	_, err := db.ExecContext(t.Context(), `DELETE FROM raw_records`)
	require.NoError(t, err)
}

// Of one instant, what the upstream said last stands, however late an earlier word comes out of quarantine.
func TestQuarantineYieldsToLaterPayloads(t *testing.T) {
	inserted, updated, unchanged := market.Counters{Inserted: 1}, market.Counters{Updated: 1}, market.Counters{Unchanged: 1}
	for name, c := range map[string]struct {
		stored  int    // minutes after noon, when the payload of the record was fetched
		retried int    // and that of the item in quarantine
		raw     string // what has become of the former
		want    market.Counters
		price   string
	}{
		"nothing there":          {raw: "none", want: inserted, price: "2"},
		"an earlier word":        {stored: 1, retried: 2, want: updated, price: "2"},
		"a later word":           {stored: 2, retried: 1, want: unchanged, price: "1"},
		"at the same time":       {stored: 1, retried: 1, want: unchanged, price: "1"},
		"an earlier word, kept":  {stored: 1, retried: 2, raw: "kept", want: updated, price: "2"},
		"a later word, kept":     {stored: 2, retried: 1, raw: "kept", want: unchanged, price: "1"},
		"who knows: it was lost": {stored: 1, retried: 2, raw: "lost", want: unchanged, price: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			db := postgrestest.New(t)
			s := newStoreOn(db)
			run := start(t, s, "coingecko")
			if c.raw != "none" {
				_, err := s.CommitBatch(t.Context(), run.ID, market.Batch{
					Source: run.Source, FetchedAt: noon.Add(time.Duration(c.stored) * time.Minute), Observations: []market.Observation{observe("x", noon, "1")},
				})
				require.NoError(t, err)
			}
			if c.raw == "kept" || c.raw == "lost" {
				keepRaw(t, db, c.raw == "kept")
			}
			reject(t, s, run, market.Rejection{ExternalID: "x", Reason: market.Reason{Code: "bad_number"}})
			done := retry(t, s, run, market.Batch{
				FetchedAt: noon.Add(time.Duration(c.retried) * time.Minute), Resolves: []int64{waiting(t, s, "coingecko", 0)[0].ID},
				Observations: []market.Observation{observe("x", noon, "2"), observe("beside", noon, "3")},
			})
			c.want.Extracted, c.want.Pages, c.want.Inserted = 2, 1, c.want.Inserted+1
			require.Equal(t, c.want, done)
			latest, err := s.Latest(t.Context(), []int64{newest(t, s, market.RecordFilter{Assets: []string{"x"}})[0].AssetID}, "")
			require.NoError(t, err)
			for _, records := range [][]market.Record{newest(t, s, market.RecordFilter{Assets: []string{"x"}}), latest} {
				require.Len(t, records, 1)
				require.Equal(t, c.price, records[0].PriceUSD.String())
			}
			require.Empty(t, waiting(t, s, "coingecko", 0))
		})
	}
}
