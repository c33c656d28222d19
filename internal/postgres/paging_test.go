package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// pagingCases are filters of all kinds. A whole one is read in two of the four ways only: it
// returns so much that the others would say nothing new.
func pagingCases() []pagingCase {
	var every []string
	for i := range seedAssets {
		every = append(every, seedSlug(i))
	}
	short := market.TimeRange{From: minute(600), Before: minute(620)}
	return []pagingCase{
		{name: "all", size: 500, whole: true, records: seedRecords},
		{name: "one source", f: market.RecordFilter{Sources: []string{"beta"}}, size: 500, whole: true, records: 25_000},
		{name: "80 listings", f: market.RecordFilter{Assets: every, ObservedAt: short}, size: 97, records: 1600},
		{name: "time", f: market.RecordFilter{ObservedAt: short}, size: 83, records: 1600},
		{name: "since", f: market.RecordFilter{ObservedAt: market.TimeRange{From: minute(1240)}}, size: 100, records: 800},
		{name: "until", f: market.RecordFilter{ObservedAt: market.TimeRange{Before: minute(10)}}, size: 100, records: 800},
		{name: "two sources", f: market.RecordFilter{Sources: []string{"beta", "gamma"}, ObservedAt: short}, size: 61, records: 800},
		{name: "a source named twice", f: market.RecordFilter{Sources: []string{"beta", "beta"}, ObservedAt: short}, size: 61, records: 400},
		{name: "a source nobody knows", f: market.RecordFilter{Sources: []string{"beta", "nobody"}, ObservedAt: short}, size: 61, records: 400},
		{name: "one asset", f: market.RecordFilter{Assets: []string{"coin-07"}}, size: 500, records: 3750},
		{name: "assets", f: market.RecordFilter{Assets: []string{"coin-07", "coin-08", "coin-07"}, ObservedAt: short}, size: 7, records: 120},
		{name: "one symbol of two assets", f: market.RecordFilter{Symbols: []string{"s03"}, ObservedAt: short}, size: 9, records: 120},
		{name: "symbols", f: market.RecordFilter{Symbols: []string{"S03", "s09"}, ObservedAt: short}, size: 9, records: 200},
		{name: "asset of a source", f: market.RecordFilter{Assets: []string{"coin-07"}, Sources: []string{"alpha"}}, size: 500, records: 1250},
		{name: "asset under a symbol", f: market.RecordFilter{Assets: []string{"coin-03", "coin-09"}, Symbols: []string{"S03"}, ObservedAt: short}, size: 9, records: 60},
		{name: "all at once", f: market.RecordFilter{Assets: every, Symbols: []string{"S03"}, Sources: []string{"alpha", "beta"}, ObservedAt: short}, size: 9, records: 80},
		{name: "empty lists", f: market.RecordFilter{Sources: []string{}}, size: 9},
		{name: "no assets", f: market.RecordFilter{Assets: []string{}}, size: 9},
		{name: "what there is not", f: market.RecordFilter{Assets: []string{"nothing"}, Symbols: []string{"\x00'"}}, size: 9},
	}
}

type pagingCase struct {
	name    string
	f       market.RecordFilter
	size    int
	whole   bool
	records int // that match before anything is added
}

// matches says of a record what the filter does, in other words.
func (c pagingCase) matches(r seedRecord) bool {
	within := func(list []string, s string) bool { return list == nil || slices.Contains(list, s) }
	var symbols []string
	if c.f.Symbols != nil {
		symbols = strings.Split(strings.ToUpper(strings.Join(c.f.Symbols, " ")), " ")
	}
	return within(c.f.Sources, r.Source) && within(c.f.Assets, r.Slug) && within(symbols, r.Symbol) &&
		(c.f.ObservedAt.From == nil || !r.ObservedAt.Before(*c.f.ObservedAt.From)) &&
		(c.f.ObservedAt.Before == nil || r.ObservedAt.Before(*c.f.ObservedAt.Before))
}

// Every record that is there when the paging begins comes exactly once, in strict order, in every
// order, direction and filter, while newer, older and intermediate ones are added all the time.
func TestPagingMeetsEveryRecordOnce(t *testing.T) {
	t.Parallel()
	s := seed(t)
	all := s.all(t)
	require.Len(t, all, seedRecords)
	added := s.addAllTheTime(t)
	for _, c := range pagingCases() {
		var want []market.RecordKey
		for _, r := range all {
			if c.matches(r) {
				want = append(want, r.key())
			}
		}
		require.Len(t, want, c.records, c.name)
		for _, order := range []market.RecordOrder{market.RecordsNewestFirst, market.RecordsOldestFirst} {
			for _, backward := range []bool{false, true} {
				if c.whole && backward != (order == market.RecordsOldestFirst) {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/backward=%t", c.name, order, backward), func(t *testing.T) {
					w := market.Window[market.RecordKey]{Size: c.size, Backward: backward}
					got := walk(t, w, keyOf, func(w market.Window[market.RecordKey]) (market.Page[market.Record], error) {
						return s.Records(t.Context(), c.f, order, w)
					}, added.nudge)
					requireEachOnce(t, order, want, keysOf(got))
				})
			}
		}
	}
	require.Positive(t, added.stop(t), "nothing was added meanwhile")
}

// additions commits a page for every page that is read, beside the reading.
type additions struct {
	due  chan struct{}
	done chan error
	made int
}

func (s seeded) addAllTheTime(t testing.TB) *additions {
	a := &additions{due: make(chan struct{}), done: make(chan error, 1)}
	go func() {
		for range a.due {
			run := s.runs[a.made%len(s.runs)]
			coin := (a.made + 1 + a.made%len(s.runs)) % seedAssets
			if coin%5 == a.made%len(s.runs) {
				coin = (coin + 1) % seedAssets
			}
			step := time.Duration(a.made) * time.Millisecond
			_, err := s.CommitBatch(t.Context(), run.ID, market.Batch{
				Source: run.Source, FetchedAt: time.Now(), Next: `{}`,
				Observations: []market.Observation{
					seedObservation(coin, minute(seedMinutes+1).Add(step)),
					seedObservation(coin, minute(-1).Add(-step)),
					seedObservation(coin, minute(a.made*7%seedMinutes).Add(30*time.Second+step)),
					seedObservation(coin, minute(600).Add(7*time.Second+step)),
				},
			})
			if err != nil {
				a.done <- err
				return
			}
			a.made++
		}
		a.done <- nil
	}()
	return a
}

// nudge asks for a page, unless one is being added already.
func (a *additions) nudge() {
	select {
	case a.due <- struct{}{}:
	default:
	}
}

// stop ends the additions and returns how many pages were made.
func (a *additions) stop(t testing.TB) int {
	t.Helper()
	close(a.due)
	require.NoError(t, <-a.done)
	return a.made
}
