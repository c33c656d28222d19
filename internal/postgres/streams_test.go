package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

const history = "history 2026-01-01T00:00:00Z/2026-02-01T00:00:00Z all"

func along(stream string) market.RunRequest {
	return market.RunRequest{Source: "coingecko", Kind: market.KindAPI, Stream: stream, Trigger: market.TriggerManual}
}

func TestStreamsGoSideBySide(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	live := start(t, s, "coingecko")
	past, err := s.StartRun(t.Context(), along(history))
	require.NoError(t, err)
	require.Equal(t, history, past.Stream)
	_, err = s.StartRun(t.Context(), along(history))
	require.ErrorIs(t, err, market.ErrRunning, "one run a stream")
	require.ErrorContains(t, err, fmt.Sprintf("run_%d, last heard of 0 s ago; one that is silent for 15 s is given up", past.ID))

	commit(t, s, live, observe("bitcoin", noon, "1"))
	_, err = s.CommitBatch(t.Context(), past.ID, market.Batch{
		Source: "coingecko", FetchedAt: time.Now(), Next: `{"coin":"bitcoin"}`, Observations: []market.Observation{observe("bitcoin", noon.AddDate(0, -1, 0), "2")},
	})
	require.NoError(t, err)
	_, err = s.CommitBatch(t.Context(), past.ID, market.Batch{Source: "coingecko", FetchedAt: time.Now()})
	require.NoError(t, err)
	finish(t, s, live)
	require.JSONEq(t, `{"coin":"bitcoin"}`, string(finish(t, s, past).CursorAfter), "an empty cursor leaves it where it is")

	next := start(t, s, "coingecko")
	require.JSONEq(t, `{"page":2}`, string(next.CursorBefore))
	again, err := s.StartRun(t.Context(), along(history))
	require.NoError(t, err)
	require.JSONEq(t, `{"coin":"bitcoin"}`, string(again.CursorBefore))
	states, err := s.SourceStates(t.Context())
	require.NoError(t, err)
	require.Equal(t, next.ID, states[0].LastRun.ID, "what a source was asked last is not what it said of the past")
	requireTotals(t, s, db)
}

// Two streams that bring the same instants at the same moment count each of them once.
func TestStreamsThatBringTheSameCountItOnce(t *testing.T) {
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, url)
	stores := replicas(t, url, 2)
	runs := []market.Run{start(t, stores[0], "coingecko"), {}}
	var err error
	runs[1], err = stores[1].StartRun(t.Context(), along(history))
	require.NoError(t, err)
	for round := range 20 {
		var same []market.Observation
		for i := range 50 {
			same = append(same, observe(fmt.Sprintf("coin-%d", i), noon.Add(time.Duration(round)*time.Second), "1"))
		}
		for _, err := range race(2, func(i int) error {
			_, err := stores[i].CommitBatch(t.Context(), runs[i].ID, market.Batch{
				Source: "coingecko", FetchedAt: time.Now(), Next: `{"page":2}`, Observations: same,
			})
			return err
		}) {
			require.NoError(t, err)
		}
	}
	finish(t, stores[0], runs[0])
	finish(t, stores[1], runs[1])
	states, err := stores[0].SourceStates(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 20*50, states[0].RecordCount)
	n, err := db.NewSelect().TableExpr("records").Count(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 20*50, n)
}

// What a source says of the past, afterwards, is less than what it said then: the price and little else.
func TestThePastDoesNotReplaceWhatWasSaidThen(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	live := start(t, s, "coingecko")
	ranked := observe("bitcoin", noon, "1")
	rank := int32(1)
	ranked.Rank = &rank
	commit(t, s, live, ranked)
	finish(t, s, live)

	restored, err := s.StartRun(t.Context(), along(market.StreamQuarantine))
	require.NoError(t, err)
	ranked = observe("bitcoin", noon.Add(2*time.Hour), "3")
	ranked.Rank = &rank
	_, err = s.CommitBatch(t.Context(), restored.ID, market.Batch{
		Source: "coingecko", Stream: market.StreamQuarantine, FetchedAt: time.Now(), Observations: []market.Observation{ranked},
	})
	require.NoError(t, err)
	finish(t, s, restored)

	past, err := s.StartRun(t.Context(), along(history))
	require.NoError(t, err)
	for range 2 {
		_, err = s.CommitBatch(t.Context(), past.ID, market.Batch{
			Source: "coingecko", Stream: history, FetchedAt: time.Now(), Next: `{}`,
			Observations: []market.Observation{observe("bitcoin", noon, "1.5"), observe("bitcoin", noon.Add(time.Hour), "2"), observe("bitcoin", noon.Add(2*time.Hour), "3.5")},
		})
		require.NoError(t, err)
	}
	done := finish(t, s, past)
	require.EqualValues(t, 1, done.Inserted)
	require.EqualValues(t, 5, done.Unchanged)
	records := newest(t, s, market.RecordFilter{})
	require.Len(t, records, 3)
	require.Equal(t, "3", records[0].PriceUSD.String(), "what has come out of quarantine was said at the time")
	require.Equal(t, "2", records[1].PriceUSD.String())
	require.Equal(t, "1", records[2].PriceUSD.String())
	asset, err := s.AssetBySlug(t.Context(), "bitcoin")
	require.NoError(t, err)
	require.Equal(t, &rank, asset.Rank, "it is still ranked")
}
