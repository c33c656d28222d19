package simulator

import "time"

const (
	traitSleepy uint64 = iota + 1
	traitShelved
	traitQuiet
	traitPlace
	traitImage
	traitBeta
)

const (
	rankEvery    = 10 * time.Minute // ranks are counted less often than prices
	paprikaDelay = 3 * time.Minute  // the free plan is some minutes old
	obscure      = 100              // coins from here on may be neglected by a source
)

// geckoSeen is the last_updated of a coin at CoinGecko in the tick that began
// at tick: milliseconds, within the last minute; a few coins ten ticks behind.
func (m *market) geckoSeen(c *coin, tick time.Time) time.Time {
	if c.index >= obscure && m.trait(c, traitSleepy) < 0.05 {
		tick = floor(tick, 10*m.tick)
	}
	return tick.Add(-m.jitter(c, tick)).Truncate(time.Millisecond)
}

// paprikaSeen is the same at CoinPaprika: whole seconds, a few minutes old; a
// few coins have not been touched for months.
func (m *market) paprikaSeen(c *coin, tick time.Time) time.Time {
	if c.index >= obscure && m.trait(c, traitShelved) < 0.015 {
		const quarter = 91 * 24 * time.Hour
		aside := time.Duration(m.trait(c, traitShelved) / 0.015 * float64(quarter/2))
		return floor(tick, quarter).Add(-30*24*time.Hour - aside).Truncate(time.Second)
	}
	return tick.Add(-paprikaDelay - m.jitter(c, tick)).Truncate(time.Second)
}

// jitter is below a tick, so that a coin's time never goes back.
func (m *market) jitter(c *coin, tick time.Time) time.Duration {
	part := m.own[c.index].jitter.fraction(uint64(tick.UnixNano()))
	return time.Duration(part * float64(min(m.tick, time.Minute)))
}

// floor is the last multiple of step since 1970 that is not after t.
func floor(t time.Time, step time.Duration) time.Time {
	return t.Add(-time.Duration(t.UnixNano() % int64(step)))
}
