package simulator

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
)

// coinpaprika imitates the free plan of CoinPaprika's API v1.
type coinpaprika struct{}

const (
	paprikaCaching = "public, max-age=60, s-maxage=60, stale-while-revalidate=10, stale-if-error=600"
	paprikaNoID    = "id not found"
)

func (coinpaprika) name() string { return "coinpaprika" }
func (coinpaprika) base() string { return "/coinpaprika/v1" }

func (coinpaprika) route(path string) (route, id string) {
	path = strings.TrimSuffix(path, "/")
	if path == "/tickers" || path == "/coins" {
		return path, ""
	}
	id, ok := strings.CutPrefix(path, "/tickers/")
	if !ok {
		return "", ""
	}
	if before, ok := strings.CutSuffix(id, "/historical"); ok {
		return "/tickers/{id}/historical", before
	}
	return "/tickers/{id}", id
}

func (p coinpaprika) answer(s *snapshot, r *http.Request, route, id string) reply {
	if strings.HasSuffix(r.URL.Path, "/") && route != "" {
		return p.moved(r)
	}
	q := r.URL.Query()
	switch route {
	case "/coins":
		return p.ok(s, s.paprikaCoins(), nil)
	case "/tickers":
		return p.tickers(s, q)
	case "/tickers/{id}":
		return p.ticker(s, q, id)
	case "/tickers/{id}/historical":
		return p.historical(s, q, id)
	}
	return p.failure(s, http.StatusNotFound, "not found")
}

// ok is a 200 with the headers of CoinPaprika.
func (coinpaprika) ok(s *snapshot, body []byte, stamps []Stamp) reply {
	rep := newReply(http.StatusOK, "application/json; charset=UTF-8", body).
		with("Last-Modified", s.at.UTC().Format(http.TimeFormat)).
		with("Cache-Control", paprikaCaching).
		with("Vary", "Accept-Encoding,Origin")
	rep.stamps = stamps
	return rep
}

// failure may be cached as long as an answer may, as with CoinPaprika.
func (coinpaprika) failure(_ *snapshot, status int, message string) reply {
	body := mustMarshal(map[string]string{"error": message})
	return newReply(status, "application/json", body).
		with("Cache-Control", paprikaCaching).
		with("Access-Control-Allow-Origin", "*").
		with("Vary", "Accept-Encoding")
}

// moved sends a path with a slash at its end to the one without.
func (coinpaprika) moved(r *http.Request) reply {
	to := strings.TrimSuffix(r.URL.EscapedPath(), "/")
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	body := fmt.Sprintf("<a href=\"%s\">Moved Permanently</a>.\n\n", html.EscapeString(to))
	return newReply(http.StatusMovedPermanently, "text/html; charset=utf-8", []byte(body)).with("Location", to)
}

func (p coinpaprika) tickers(s *snapshot, q url.Values) reply {
	if problem := quotesProblem(q); problem != "" {
		return p.failure(s, http.StatusBadRequest, problem)
	}
	sights := s.paprika()
	rows, stamps := make([][]byte, len(sights)), make([]Stamp, len(sights))
	for i, t := range sights {
		rows[i], stamps[i] = t.row, t.stamp
	}
	return p.ok(s, list(rows), stamps)
}

func (p coinpaprika) ticker(s *snapshot, q url.Values, id string) reply {
	if problem := quotesProblem(q); problem != "" {
		return p.failure(s, http.StatusBadRequest, problem)
	}
	t, ok := find(s.paprika(), id)
	if !ok {
		return p.failure(s, http.StatusNotFound, paprikaNoID)
	}
	return p.ok(s, t.row, []Stamp{t.stamp})
}

// quotesProblem refuses what is not counted in dollars, which is all that the
// simulated market counts in.
func quotesProblem(q url.Values) string {
	for _, name := range []string{"quotes", "quote"} {
		if given := q.Get(name); given != "" && !strings.EqualFold(given, "USD") {
			return fmt.Sprintf("unsupported %s: %s", name, given)
		}
	}
	return ""
}

// paprikaCoins is /coins: every coin by rank.
func (s *snapshot) paprikaCoins() []byte {
	type entry struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Symbol   string `json:"symbol"`
		Rank     int    `json:"rank"`
		IsNew    bool   `json:"is_new"`
		IsActive bool   `json:"is_active"`
		Type     string `json:"type"`
	}
	sights := s.paprika()
	entries := make([]entry, len(sights))
	for _, t := range sights {
		entries[t.rank-1] = entry{t.paprikaID, t.coin.paprika.name, t.coin.paprika.symbol, t.rank, false, true, t.kind}
	}
	return mustMarshal(entries)
}
