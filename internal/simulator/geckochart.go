package simulator

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// chart is /coins/{id}/market_chart/range.
func (g coingecko) chart(s *snapshot, q url.Values, id string) reply {
	if problem := currencyProblem(q); problem != "" {
		return g.failure(s, http.StatusUnprocessableEntity, problem)
	}
	var ends [2]time.Time
	for i, name := range []string{"from", "to"} {
		unix, err := strconv.ParseInt(q.Get(name), 10, 64)
		if q.Get(name) == "" || err != nil {
			return g.failure(s, http.StatusUnprocessableEntity, "Missing parameter "+name)
		}
		ends[i] = time.Unix(unix, 0).UTC()
	}
	m, ok := find(s.gecko(), id)
	if !ok {
		return g.failure(s, http.StatusNotFound, "Could not find coin with the given id")
	}
	if ends[0].Before(s.at.Add(-365 * day)) {
		return g.failure(s, http.StatusUnauthorized, beyondYear)
	}
	return g.ok(s.geckoChart(m, ends[0], ends[1]), nil)
}

// geckoChart lists the points from from to to; the last is "now", and agrees
// with the row of /coins/markets.
func (s *snapshot) geckoChart(m sight, from, to time.Time) []byte {
	type point [2]raw
	chart := struct {
		Prices       []point `json:"prices"`
		MarketCaps   []point `json:"market_caps"`
		TotalVolumes []point `json:"total_volumes"`
	}{[]point{}, []point{}, []point{}}
	for _, t := range s.chartTimes(m, from, to) {
		at := raw(strconv.FormatInt(t.UnixMilli(), 10))
		chart.Prices = append(chart.Prices, point{at, ruby(s.price(m.coin, byGecko, t))})
		chart.MarketCaps = append(chart.MarketCaps, point{at, ruby(s.marketCap(m.coin, byGecko, t))})
		chart.TotalVolumes = append(chart.TotalVolumes, point{at, ruby(s.market.volume(m.coin, byGecko, t))})
	}
	return mustMarshal(chart)
}

// chartTimes are 5 minutes, an hour or a day apart, by the width of the range.
// Only the daily ones are exact: the others were taken when it suited.
func (s *snapshot) chartTimes(m sight, from, to time.Time) []time.Time {
	step := 5 * time.Minute
	switch width := to.Sub(from); {
	case width > 90*day:
		step = day
	case width > day:
		step = time.Hour
	}
	var times []time.Time
	jitter := s.own[m.index].jitter
	for t := floor(from, step); t.Before(m.seen) && !t.After(to); t = t.Add(step) {
		taken := t
		if step < day {
			taken = t.Add(time.Duration(jitter.fraction(uint64(t.Unix()))*float64(step)/8) + time.Millisecond).
				Truncate(time.Millisecond)
		}
		if !taken.Before(from) && !taken.After(to) && taken.Before(m.seen) && taken.After(m.firstSeen()) {
			times = append(times, taken)
		}
	}
	if !m.seen.Before(from) && !m.seen.After(to) {
		times = append(times, m.seen)
	}
	return times
}
