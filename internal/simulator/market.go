package simulator

import (
	"math"
	"time"
)

// market is the simulated market: every figure is a pure function of seed,
// coin and time, so that history agrees with what was once "now", and two
// simulators of one seed and clock agree with each other.
type market struct {
	coins []*coin // those on show; the others only lead some of these
	tick  time.Duration
	mood  walk // moves all coins at once
	own   []coinWalks
	units map[string]*coin // bitcoin and ether, in which some first sales were counted
}

// coinWalks are the streams of one coin.
type coinWalks struct {
	price, volume, traits, jitter walk
	spread                        [2]walk
}

// viewer is a source looking at the market: each sees slightly other figures.
type viewer int

const (
	byGecko viewer = iota
	byPaprika
)

// newMarket shows the first n coins of the table, all if n is 0.
func newMarket(seed int64, n int, tick time.Duration) *market {
	root := walk(scramble(uint64(seed)))
	all := loadCoins()
	m := &market{coins: all, tick: tick, mood: root.derive(1), units: map[string]*coin{}}
	if n > 0 && n < len(all) {
		m.coins = all[:n]
	}
	for _, c := range all {
		w := root.derive(uint64(c.index) + 1000)
		m.own = append(m.own, coinWalks{
			price: w.derive(1), volume: w.derive(2), traits: w.derive(3), jitter: w.derive(4),
			spread: [2]walk{w.derive(5), w.derive(6)},
		})
		switch c.geckoID {
		case "bitcoin":
			m.units["btc"] = c
		case "ethereum":
			m.units["eth"] = c
		}
	}
	return m
}

// depth is how far down the ranking a coin stands: 0 for the first, 1 for the
// last. What is deep down moves more, and is seen less alike.
func (m *market) depth(c *coin) float64 { return float64(c.index) / float64(len(m.own)) }

// price in USD as the viewer sees it, always between the coin's lowest and
// highest price.
func (m *market) price(c *coin, v viewer, t time.Time) float64 {
	wide := 0.0008 + 0.004*m.depth(c)
	if c.calm {
		wide = 0.0003
	}
	return m.fair(c, t) * (1 + wide*m.own[c.index].spread[v].noise(t, 900))
}

// fair is the price in USD before any source has looked at it.
func (m *market) fair(c *coin, t time.Time) float64 {
	if c.leader != nil {
		return m.fair(c.leader, t) * c.price / c.leader.price
	}
	daily := 0.022 + 0.03*m.depth(c)
	up, down := 0.9*math.Log(4), 0.9*math.Log(c.price/c.atl.price)
	if c.ath.price > 0 {
		up = 0.9 * math.Log(c.ath.price/c.price)
	}
	x := daily * (0.6*m.mood.at(t) + 0.8*m.own[c.index].price.at(t))
	if c.calm {
		up, down, x = min(up, 0.004), min(down, 0.004), x/20
	}
	if x > 0 {
		return c.price * math.Exp(up*math.Tanh(x/up))
	}
	return c.price * math.Exp(down*math.Tanh(x/down))
}

// volume of the 24 hours before t, in USD.
func (m *market) volume(c *coin, v viewer, t time.Time) float64 {
	w := m.own[c.index].volume
	swing := 0.3 + 1.2*m.depth(c)
	x := 0.4*w.derive(1).noise(t, 6*3600) + 0.6*w.derive(2).noise(t, 3*secondsPerDay)
	return c.volume * math.Exp(swing*x) * (1 + 0.05*m.own[c.index].spread[v].noise(t, 7200))
}

// marketCap in USD, 0 where the supply is unknown.
func (m *market) marketCap(c *coin, v viewer, t time.Time) float64 {
	lag := 1 + 0.0004*m.own[c.index].spread[v].derive(1).noise(t, 3600)
	return m.price(c, v, t) * c.circulating * lag
}

// change from t-back to t in percent.
func (m *market) change(c *coin, v viewer, t time.Time, back time.Duration) float64 {
	return 100 * (m.price(c, v, t)/m.price(c, v, t.Add(-back)) - 1)
}

// trait is a fixed number in [0, 1) that says what sort of coin this is.
func (m *market) trait(c *coin, which uint64) float64 {
	return m.own[c.index].traits.fraction(which)
}
