package postgres_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// grid commits, for each of three sources, records of four coins at six instants.
func grid(t *testing.T) (*postgres.Store, []market.Run) {
	t.Helper()
	s := postgres.New(postgrestest.New(t), identity.Resolve)
	var runs []market.Run
	for _, source := range seedSources[:3] {
		run := start(t, s, source)
		var page []market.Observation
		for n := range 6 {
			for i := range 4 {
				page = append(page, seedObservation(i, *minute(n)))
			}
		}
		commit(t, s, run, page...)
		runs = append(runs, run)
	}
	return s, runs
}

// The records of several assets are paged alike: each asset has a window of its own.
func TestWindowsOfAssets(t *testing.T) {
	s, _ := grid(t)
	assets, err := s.Assets(t.Context(), market.AssetFilter{}, market.AssetsByName, market.Window[market.AssetKey]{Size: 10})
	require.NoError(t, err)
	var ids []int64
	for _, a := range assets.Items {
		ids = append(ids, a.ID)
	}
	ids = append(ids, 1<<40) // of no asset
	for _, c := range []struct {
		name string
		f    market.RecordFilter
		w    market.Window[market.RecordKey]
	}{
		{"first", market.RecordFilter{}, market.Window[market.RecordKey]{Size: 4}},
		{"last", market.RecordFilter{}, market.Window[market.RecordKey]{Size: 4, Backward: true}},
		{"more than there are", market.RecordFilter{}, market.Window[market.RecordKey]{Size: 100}},
		{"just all", market.RecordFilter{}, market.Window[market.RecordKey]{Size: 18}},
		{"after", market.RecordFilter{}, market.Window[market.RecordKey]{Size: 4, After: &market.RecordKey{ListingID: 6, ObservedAt: *minute(3)}}},
		{"before", market.RecordFilter{}, market.Window[market.RecordKey]{Size: 4, Backward: true, Before: &market.RecordKey{ListingID: 6, ObservedAt: *minute(3)}}},
		{"between", market.RecordFilter{}, market.Window[market.RecordKey]{Size: 4,
			After: &market.RecordKey{ListingID: 6, ObservedAt: *minute(4)}, Before: &market.RecordKey{ListingID: 6, ObservedAt: *minute(3)}}},
		{"of a source", market.RecordFilter{Sources: seedSources[1:2]}, market.Window[market.RecordKey]{Size: 4}},
		{"of sources and times", market.RecordFilter{Sources: seedSources[:2], ObservedAt: market.TimeRange{From: minute(1), Before: minute(4)}},
			market.Window[market.RecordKey]{Size: 4, Backward: true}},
		{"of some assets", market.RecordFilter{Assets: []string{"coin-01", "coin-02"}}, market.Window[market.RecordKey]{Size: 4}},
		{"of none", market.RecordFilter{Symbols: []string{}}, market.Window[market.RecordKey]{Size: 4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := s.RecordsOf(t.Context(), ids, c.f, c.w)
			require.NoError(t, err)
			counts, err := s.CountRecordsOf(t.Context(), ids, c.f)
			require.NoError(t, err)
			for _, a := range assets.Items {
				alone := narrowed(c.f, a.Slug)
				want, err := s.Records(t.Context(), alone, market.RecordsNewestFirst, c.w)
				require.NoError(t, err)
				require.Equal(t, keysOf(want.Items), keysOf(got[a.ID].Items), a.Slug)
				require.Equal(t, want.More, got[a.ID].More, a.Slug)
				n, err := s.CountRecords(t.Context(), alone)
				require.NoError(t, err)
				require.Equal(t, n, counts[a.ID], a.Slug)
			}
			require.NotContains(t, got, ids[len(ids)-1])
		})
	}
}

// narrowed is the filter for one asset more closely.
func narrowed(f market.RecordFilter, slug string) market.RecordFilter {
	if f.Assets != nil && !slices.Contains(f.Assets, slug) {
		f.Assets = []string{}
		return f
	}
	f.Assets = []string{slug}
	return f
}

// A numbered page is what a walk finds at its place.
func TestNumberedPages(t *testing.T) {
	s, _ := grid(t)
	for _, f := range []market.RecordFilter{{}, {Sources: seedSources[:2]}, {Assets: []string{"coin-01", "coin-03"}}} {
		all, err := s.Records(t.Context(), f, market.RecordsNewestFirst, market.Window[market.RecordKey]{Size: 100})
		require.NoError(t, err)
		require.False(t, all.More)
		for skip := 0; skip <= len(all.Items)+7; skip += 7 {
			page, err := s.Records(t.Context(), f, market.RecordsNewestFirst, market.Window[market.RecordKey]{Size: 7, Skip: skip})
			require.NoError(t, err)
			from, to := min(skip, len(all.Items)), min(skip+7, len(all.Items))
			require.Equal(t, keysOf(all.Items[from:to]), keysOf(page.Items))
			require.Equal(t, to < len(all.Items), page.More, "skip %d", skip)
		}
	}
}

func TestRecordsByKey(t *testing.T) {
	s, _ := grid(t)
	all := newest(t, s, market.RecordFilter{})
	require.Len(t, all, 72)
	got, err := s.RecordsByKey(t.Context(), []market.RecordKey{
		all[3].RecordKey, all[70].RecordKey, {ListingID: 99, ObservedAt: noon}, {ListingID: all[0].ListingID, ObservedAt: noon},
	})
	require.NoError(t, err)
	require.ElementsMatch(t, []market.Record{all[3], all[70]}, got)
}

// The count of whole sources comes from the maintained totals, that of anything else from the
// records; both are what a walk finds.
func TestCountsOfRecords(t *testing.T) {
	s, runs := grid(t)
	commit(t, s, runs[1], seedObservation(0, *minute(9)), seedObservation(0, *minute(0)))
	for want, f := range map[int64]market.RecordFilter{
		73: {},
		25: {Sources: []string{"beta"}},
		49: {Sources: []string{"beta", "alpha", "beta", "nobody"}},
		0:  {Sources: []string{"nobody"}},
		19: {Symbols: []string{"s00"}},
		12: {ObservedAt: market.TimeRange{From: minute(1), Before: minute(2)}},
		7:  {Assets: []string{"coin-00"}, Sources: []string{"beta"}},
		8:  {Sources: []string{"gamma", "beta"}, ObservedAt: market.TimeRange{Before: minute(2)}},
	} {
		t.Run(fmt.Sprint(want), func(t *testing.T) {
			n, err := s.CountRecords(t.Context(), f)
			require.NoError(t, err)
			require.Equal(t, want, n)
			require.Len(t, newest(t, s, f), int(n))
		})
	}
}

// Times are compared as instants, whatever zone they are given in.
func TestTimesOfAnyZone(t *testing.T) {
	s, _ := grid(t)
	east := time.FixedZone("east", 5*3600+45*60)
	from, before := minute(2).In(east), minute(3).In(east)
	got := newest(t, s, market.RecordFilter{ObservedAt: market.TimeRange{From: &from, Before: &before}})
	require.Len(t, got, 12)
	require.Equal(t, *minute(2), got[0].ObservedAt)
	require.Equal(t, time.UTC, got[0].ObservedAt.Location())
	found, err := s.RecordsByKey(t.Context(), []market.RecordKey{{ListingID: got[0].ListingID, ObservedAt: from}})
	require.NoError(t, err)
	require.Len(t, found, 1)
}
