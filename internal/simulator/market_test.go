package simulator

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSameSeedAndClockAnswerAlike(t *testing.T) {
	paths := []string{markets + "&per_page=250&price_change_percentage=1h,24h,7d", tickers, "/coinpaprika/v1/coins",
		"/coinpaprika/v1/tickers/eth-ethereum/historical?start=2026-09-01&interval=1d"}
	one, same, other := still(Options{Seed: 7, Coins: 99}), still(Options{Seed: 7, Coins: 99}), still(Options{Seed: 8, Coins: 99})
	for _, path := range paths {
		require.Equal(t, get(t, one, path), get(t, same, path))
		require.Equal(t, get(t, one, path), get(t, one, path))
	}
	for _, path := range paths[:2] {
		require.NotEqual(t, get(t, one, path), get(t, other, path))
	}
}

// A smaller market is the top of the larger one, at the same prices.
func TestFewerCoinsAreTheLargest(t *testing.T) {
	few := rows(t, get(t, still(Options{Coins: 40}), markets+"&per_page=250"))
	require.Len(t, few, 40)
	all := rows(t, get(t, still(Options{}), markets+"&per_page=250"))
	require.Equal(t, all[0]["current_price"], few[0]["current_price"])
	require.NotEmpty(t, get(t, still(Options{Coins: 1_000_000}), tickers))
}

func TestAnswersChangeWithTheTickOnly(t *testing.T) {
	s := still(Options{Coins: 50})
	before := [2]string{get(t, s, markets), get(t, s, tickers)}
	advance(t, s, "29s")
	require.Equal(t, before, [2]string{get(t, s, markets), get(t, s, tickers)})
	advance(t, s, "1s")
	require.NotEqual(t, before[0], get(t, s, markets))
	require.NotEqual(t, before[1], get(t, s, tickers))
}

func TestLastUpdatedAdvancesAsTheRealOnesDo(t *testing.T) {
	s := still(Options{})
	type look struct{ newest, sleepy, shelved int }
	var seen look
	last := map[string]time.Time{}
	for range 3 {
		now := s.clock.now()
		for _, path := range []string{markets + "&per_page=250&page=2", tickers} {
			for _, r := range rows(t, get(t, s, path)) {
				at, err := time.Parse(time.RFC3339, r["last_updated"].(string))
				require.NoError(t, err)
				coin := path + r["id"].(string)
				require.False(t, at.Before(last[coin]), "%s went back", coin)
				last[coin] = at
				switch age := now.Sub(at); {
				case age > 28*day:
					seen.shelved++
				case path == tickers:
					require.Greater(t, age, 2*time.Minute)
					require.Less(t, age, 6*time.Minute)
				case age > 2*time.Minute:
					seen.sleepy++
				default:
					require.GreaterOrEqual(t, age, time.Duration(0))
					seen.newest++
				}
			}
		}
		advance(t, s, "1m")
	}
	require.Greater(t, seen.newest, 600)
	require.Positive(t, seen.sleepy)
	require.Positive(t, seen.shelved)
	require.Less(t, seen.shelved, 75)
}

func TestSourcesSeeTheSameMarketALittleDifferently(t *testing.T) {
	m := newMarket(3, 0, time.Minute)
	for _, c := range m.coins {
		g, p := m.price(c, byGecko, noon), m.price(c, byPaprika, noon)
		require.InEpsilon(t, g, p, 0.02, c.geckoID)
		require.NotEqual(t, g, p, c.geckoID)
	}
}

func TestPricesStayBetweenLowestAndHighest(t *testing.T) {
	m := newMarket(5, 0, time.Minute)
	for _, c := range m.coins {
		for week := range 60 {
			p := m.price(c, byGecko, noon.Add(-time.Duration(week)*7*day))
			if p <= c.atl.price || (c.ath.price > 0 && p >= c.ath.price) || (c.calm && math.Abs(p/c.price-1) > 0.01) {
				require.Failf(t, "out of bounds", "%s: %g", c.geckoID, p)
			}
		}
	}
}

// The walk must move like a market: not stand, and not leap.
func TestBitcoinMovesLikeBitcoin(t *testing.T) {
	m := newMarket(1, 0, time.Minute)
	squares := 0.0
	for d := range 365 {
		at := noon.Add(-time.Duration(d) * day)
		daily := math.Log(m.price(m.coins[0], byGecko, at) / m.price(m.coins[0], byGecko, at.Add(-day)))
		require.Less(t, math.Abs(daily), 0.2)
		squares += daily * daily
	}
	volatility := math.Sqrt(squares / 365)
	require.Greater(t, volatility, 0.005)
	require.Less(t, volatility, 0.06)
}

func TestHistoryAgreesWithWhatWasNow(t *testing.T) {
	s := still(Options{Seed: 2, Coins: 9})
	was := rows(t, get(t, s, markets+"&ids=bitcoin"))[0]
	then, err := time.Parse(time.RFC3339, was["last_updated"].(string))
	require.NoError(t, err)
	price, err := was["current_price"].(json.Number).Float64()
	require.NoError(t, err)

	chart := struct{ Prices [][2]float64 }{}
	path := fmt.Sprintf("/coingecko/api/v3/coins/bitcoin/market_chart/range?vs_currency=usd&from=%d&to=%d",
		noon.Add(-time.Hour).Unix(), noon.Unix())
	require.NoError(t, json.Unmarshal([]byte(get(t, s, path)), &chart))
	end := chart.Prices[len(chart.Prices)-1]
	require.Equal(t, float64(then.UnixMilli()), end[0])
	require.InDelta(t, price, end[1], 0.51)
	require.GreaterOrEqual(t, len(chart.Prices), 12)

	first := chart.Prices[1]
	advance(t, s, "5m")
	require.NoError(t, json.Unmarshal([]byte(get(t, s, path)), &chart))
	require.Contains(t, chart.Prices, first)
}

func TestRanksAreCountedEveryTenMinutes(t *testing.T) {
	m := newMarket(1, 0, time.Minute)
	counted := func(after time.Duration) map[*coin]int { return m.snapshot(noon.Add(after)).ranks(byPaprika) }
	require.Equal(t, counted(0), counted(9*time.Minute))
	require.NotEqual(t, counted(0), counted(10*time.Minute))
}
