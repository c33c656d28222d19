package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// What is stored of an asset is what its newest records say.
func TestTheStoredConsensusIsThatOfTheNewestRecords(t *testing.T) {
	s, db := manyAssets(t)
	assets, _ := everyAsset(t, s, db)
	some := 0
	for _, a := range assets {
		records, err := s.Latest(t.Context(), []int64{a.ID}, "")
		require.NoError(t, err)
		var quotes []market.Quote
		for _, r := range records {
			quotes = append(quotes, market.Quote{
				Source: r.Source, ObservedAt: r.ObservedAt, PriceUSD: nullable(r.PriceUSD).Decimal,
				MarketCapUSD: nullable(r.MarketCapUSD), PercentChange24h: nullable(r.PercentChange24h),
			})
		}
		want := market.ConsensusOf(quotes, time.Time{})
		if want == nil {
			require.Nil(t, a.Consensus)
			continue
		}
		some++
		require.Equal(t, fmt.Sprint(*want), fmt.Sprint(*a.Consensus))
	}
	require.Greater(t, some, 70)
}

// A price leaves the consensus when it is too old, at the end of whatever run comes next, of another source as
// well and one that failed. A run that is only cut off leaves that to the one that goes on with it.
func TestOldPricesDropOutAtTheEndOfAnyRun(t *testing.T) {
	for status, refreshes := range map[market.RunStatus]bool{
		market.RunSucceeded: true, market.RunFailed: true, market.RunPartial: true, market.RunInterrupted: false,
	} {
		t.Run(string(status), func(t *testing.T) {
			s := newStory(t)
			run := start(t, s.Store, "alpha")
			old, young := priced("a", "AAA", "Ada", "10"), priced("b", "BBB", "Bob", "500")
			old.ObservedAt, young.ObservedAt = time.Now().Add(-3*time.Hour), time.Now()
			commit(t, s.Store, run, old, young)
			finish(t, s.Store, run)
			require.NotNil(t, s.asset(t, "ada").Consensus)
			s.ConsensusAge = 2 * time.Hour
			run = start(t, s.Store, "beta")
			_, err := s.FinishRun(t.Context(), run.ID, market.RunEnd{Status: status, Error: "why"})
			require.NoError(t, err)
			require.Equal(t, refreshes, s.asset(t, "ada").Consensus == nil)
			require.NotNil(t, s.asset(t, "bob").Consensus)
			s.requireWhole(t)
		})
	}
}

// A run that brings nothing new writes nothing about assets, and one that brings a coin only what is of it.
func TestNothingIsWrittenThatHasNotChanged(t *testing.T) {
	s := newStory(t)
	tell := func(more ...market.Observation) {
		run := start(t, s.Store, "beta")
		coins := []market.Observation{priced("a", "AAA", "Ada", "10.1"), priced("x", "XXX", "Xen", "900"), priced("b", "BBB", "Bob", "500")}
		commit(t, s.Store, run, append(coins, more...)...)
		finish(t, s.Store, run)
	}
	s.say(t, "alpha", priced("a", "AAA", "Ada", "10"), priced("x", "XXX", "Xen", "7"), priced("c", "CCC", "Cid", "0.07"))
	tell()
	s.link(t, "beta/b", "cid")
	before := versions(t, s)
	require.Len(t, before, 5+6+1+4+1+1, "assets, listings, candidates, consensus, decisions, changes")
	tell()
	require.Equal(t, before, versions(t, s))
	tell(priced("new", "NEW", "New", "3"))
	after := versions(t, s)
	require.Subset(t, after, before)
	require.Len(t, after, len(before)+3, "an asset, a listing and how it stands")
}

// versions names every version of a row about assets that there is.
func versions(t *testing.T, s *story) []string {
	t.Helper()
	var rows []string
	for _, table := range []string{"assets", "listings", "match_candidates", "consensus", "listing_decisions", "match_changes", "former_slugs"} {
		var found []string
		require.NoError(t, s.db.NewRaw(fmt.Sprintf("SELECT '%[1]s ' || ctid::text || ' ' || xmin::text FROM %[1]s", table)).Scan(t.Context(), &found))
		rows = append(rows, found...)
	}
	return rows
}

func nullable(a market.Amount) decimal.NullDecimal {
	if !a.Valid() {
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(decimal.RequireFromString(a.String()))
}
