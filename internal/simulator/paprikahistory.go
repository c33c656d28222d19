package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// paprikaIntervals are the steps that /tickers/{id}/historical knows.
var paprikaIntervals = map[string]time.Duration{
	"5m": 5 * time.Minute, "10m": 10 * time.Minute, "15m": 15 * time.Minute, "30m": 30 * time.Minute,
	"45m": 45 * time.Minute, "1h": time.Hour, "2h": 2 * time.Hour, "3h": 3 * time.Hour, "6h": 6 * time.Hour,
	"12h": 12 * time.Hour, "24h": day, "1d": day, "7d": 7 * day, "14d": 14 * day, "30d": 30 * day,
	"90d": 90 * day, "365d": 365 * day,
}

const notAllowed = "Getting historical OHLCV data before %v is not allowed in this plan. Check plans on coinpaprika.com/api"

// historical is /tickers/{id}/historical: on the free plan a year of days, or
// a day of anything shorter.
func (p coinpaprika) historical(s *snapshot, q url.Values, id string) reply {
	span, problem := s.parseSpan(q)
	if problem != "" {
		return p.failure(s, http.StatusBadRequest, problem)
	}
	t, ok := find(s.paprika(), id)
	if !ok {
		return p.failure(s, http.StatusNotFound, paprikaNoID)
	}
	oldest := s.at.AddDate(-1, 0, 0)
	if span.step < day {
		oldest = s.at.Add(-day)
	}
	if span.start.Before(floor(oldest, span.step)) {
		return p.failure(s, http.StatusPaymentRequired, fmt.Sprintf(notAllowed, oldest.UTC()))
	}
	return p.ok(s, s.paprikaHistory(t, span), nil)
}

// span is the stretch of history that was asked for.
type span struct {
	start, end time.Time
	step       time.Duration
	limit      int
}

func (s *snapshot) parseSpan(q url.Values) (span, string) {
	if problem := quotesProblem(q); problem != "" {
		return span{}, problem
	}
	out := span{end: s.at, limit: 1000}
	var ok bool
	if out.start, ok = parseTime(q.Get("start")); !ok {
		return span{}, "invalid parameter start: expected a date, RFC 3339 or unix seconds"
	}
	if q.Get("end") != "" {
		if out.end, ok = parseTime(q.Get("end")); !ok || out.end.Before(out.start) {
			return span{}, "invalid parameter end: expected a date, RFC 3339 or unix seconds, not before start"
		}
	}
	if out.step, ok = paprikaIntervals[cmp.Or(q.Get("interval"), "5m")]; !ok {
		return span{}, "invalid parameter interval"
	}
	if q.Get("limit") != "" {
		n, err := strconv.Atoi(q.Get("limit"))
		if err != nil || n < 1 || n > 5000 {
			return span{}, "invalid parameter limit: expected 1 to 5000"
		}
		out.limit = n
	}
	return out, ""
}

func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	unix, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(unix, 0).UTC(), err == nil
}

// paprikaHistory lists the points from start to end, none after what the row
// of /tickers says.
func (s *snapshot) paprikaHistory(t sight, sp span) []byte {
	type point struct {
		Timestamp string  `json:"timestamp"`
		Price     float64 `json:"price"`
		Volume24h int64   `json:"volume_24h"`
		MarketCap int64   `json:"market_cap"`
	}
	points := []point{}
	at := floor(sp.start, sp.step)
	if at.Before(sp.start) {
		at = at.Add(sp.step)
	}
	for ; !at.After(sp.end) && !at.After(t.seen) && len(points) < sp.limit; at = at.Add(sp.step) {
		if at.Before(t.firstSeen()) {
			continue
		}
		points = append(points, point{
			Timestamp: seconds(at), Price: paprikaPrice(s.price(t.coin, byPaprika, at)),
			Volume24h: int64(s.market.volume(t.coin, byPaprika, at)), MarketCap: int64(s.marketCap(t.coin, byPaprika, at)),
		})
	}
	return mustMarshal(points)
}
