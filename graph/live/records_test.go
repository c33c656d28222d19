package live_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph/live"
	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

func (w *world) follow(f market.RecordFilter, after *market.Position) <-chan *model.Record {
	w.Helper()
	records, err := w.Records(w.Context(), live.Wanted{RecordFilter: f, After: after, Together: 100}, func(err error) { w.Error(err) })
	require.NoError(w, err)
	return records
}

// hours are when records were observed, counted as they were added.
func hours(records []*model.Record) (h []int) {
	for _, r := range records {
		h = append(h, int(r.ObservedAt.Sub(noon).Hours()))
	}
	return h
}

func upTo(from, to int) (all []int) {
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

// Each record comes once, in order, to everybody, and whoever goes on behind any of them gets the rest.
func TestRecordsComeOnceAndCanBeResumed(t *testing.T) {
	w := newWorld(t)
	run := w.start("coingecko")
	w.add(run, "bitcoin", 2) // before anybody listens
	records := w.follow(market.RecordFilter{}, nil)
	for range 6 {
		w.add(run, "bitcoin", 3)
	}
	got := take(t, records, 18)
	require.Equal(t, upTo(2, 20), hours(got))
	for i, r := range got {
		require.NotNil(t, r.Added)
		rest := w.follow(market.RecordFilter{}, r.Added)
		require.Equal(t, upTo(3+i, 20), hours(take(t, rest, 17-i)))
	}
	late := w.follow(market.RecordFilter{}, got[16].Added)
	w.add(run, "bitcoin", 1)
	require.Equal(t, []int{19, 20}, hours(take(t, late, 2)), "from what was to what is added, without a seam")
	require.Equal(t, []int{20}, hours(take(t, records, 1)))
}

// A subscriber that takes nothing for long holds no more than a page, and misses nothing.
func TestTheSlowMissNothing(t *testing.T) {
	w := newWorld(t)
	run := w.start("coingecko")
	slow, quick := w.follow(market.RecordFilter{}, nil), w.follow(market.RecordFilter{}, nil)
	for range 12 {
		w.add(run, "bitcoin", 400)
		take(t, quick, 400)
	}
	require.Equal(t, upTo(0, 4800), hours(take(t, slow, 4800)))
	w.add(run, "bitcoin", 1)
	require.Equal(t, []int{4800}, hours(take(t, slow, 1)), "and then it follows again")
}

// However many listen, the database is asked as often as for one: for records, their assets and runs.
func TestManyCostNoMoreQuestionsThanOne(t *testing.T) {
	w := newWorld(t)
	run := w.start("coingecko")
	w.add(run, "bitcoin", 1)
	cost := func(subscribers int) int64 {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var all []<-chan *model.Record
		var allRuns []<-chan *model.EtlRun
		for range subscribers {
			runs, err := w.Runs(ctx, "")
			require.NoError(t, err)
			allRuns = append(allRuns, runs)
			records, err := w.Records(ctx, live.Wanted{RecordFilter: market.RecordFilter{Symbols: []string{"bit"}}}, func(err error) { t.Error(err) })
			require.NoError(t, err)
			all = append(all, records)
		}
		w.add(run, "bitcoin", 1)
		for _, records := range all {
			take(t, records, 1) // everybody follows
		}
		for _, runs := range allRuns {
			take(t, runs, 1)
		}
		before := w.statements.Load()
		w.add(run, "bitcoin", 5)
		for _, records := range all {
			for _, r := range take(t, records, 5) {
				assets, err := model.AssetsOf(ctx, nil, r.Group) // what every query for the asset asks: it is there
				require.NoError(t, err)
				require.Equal(t, "bitcoin", assets[r.AssetID].Slug)
			}
		}
		for _, runs := range allRuns {
			take(t, runs, 1)
		}
		return w.statements.Load() - before
	}
	require.Less(t, cost(200), cost(1)+20, "but for looks that find nothing")
}

func TestRecordsAreFilteredAsInLists(t *testing.T) {
	w := newWorld(t)
	gecko, paprika := w.start("coingecko"), w.start("coinpaprika")
	w.add(gecko, "bitcoin", 1)
	w.add(paprika, "ether", 1)
	late := noon.Add(4 * time.Hour)
	filters := map[string]market.RecordFilter{
		"source": {Sources: []string{"coinpaprika"}}, "slug": {Assets: []string{"bitcoin"}}, "slug that comes later": {Assets: []string{"dogecoin"}},
		"symbol": {Symbols: []string{"ETH"}}, "nothing": {Assets: []string{}}, "time": {ObservedAt: market.TimeRange{From: &late}},
	}
	following := map[string]<-chan *model.Record{}
	for name, f := range filters {
		following[name] = w.follow(f, nil)
	}
	w.add(gecko, "bitcoin", 1)  // 2
	w.add(paprika, "ether", 1)  // 3
	w.add(gecko, "dogecoin", 1) // 4
	w.add(paprika, "dogecoin", 1)
	for name, want := range map[string][]int{
		"source": {3, 5}, "slug": {2}, "slug that comes later": {4, 5}, "symbol": {3}, "time": {4, 5},
	} {
		require.Equal(t, want, hours(take(t, following[name], len(want))), name)
	}
	for name, records := range following {
		select {
		case r := <-records:
			require.Fail(t, "more than was wanted", "%s: %v", name, r)
		default:
		}
	}
}

// Whoever wants to go on from what is forgotten is told so, and whoever goes is let go.
func TestWhatIsForgottenEndsASubscription(t *testing.T) {
	w := newWorld(t)
	run := w.start("coingecko")
	w.add(run, "bitcoin", 1)
	early := w.follow(market.RecordFilter{}, &market.Position{Version: 1})
	first := take(t, early, 1)[0].Added
	w.add(run, "bitcoin", 1)
	_, err := w.db.ExecContext(t.Context(), "UPDATE commits SET committed_at = committed_at - interval '2 days'")
	require.NoError(t, err)
	w.add(run, "bitcoin", 1)
	take(t, early, 2) // the feed has told of them and holds none
	require.NoError(t, w.store.ForgetCommits(t.Context()))
	why := make(chan error, 1)
	records, err := w.Records(t.Context(), live.Wanted{After: first}, func(err error) { why <- err })
	require.NoError(t, err)
	_, more := <-records
	require.False(t, more)
	require.ErrorIs(t, <-why, market.ErrForgotten)

	ctx, cancel := context.WithCancel(t.Context())
	records, err = w.Records(ctx, live.Wanted{}, func(err error) { t.Error(err) })
	require.NoError(t, err)
	cancel()
	for range records {
	}
}
