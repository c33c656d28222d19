package simulator

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
)

// coingecko imitates CoinGecko's API v3.
type coingecko struct{}

const geckoJSON = "application/json; charset=utf-8"

func (coingecko) name() string { return "coingecko" }
func (coingecko) base() string { return "/coingecko/api/v3" }

func (coingecko) route(path string) (route, id string) {
	path = strings.TrimSuffix(path, "/")
	switch path {
	case "/ping", "/coins/markets", "/coins/list":
		return path, ""
	}
	const chart = "/market_chart/range"
	if id, ok := strings.CutSuffix(path, chart); ok && strings.HasPrefix(id, "/coins/") {
		return "/coins/{id}" + chart, strings.TrimPrefix(id, "/coins/")
	}
	return "", ""
}

func (g coingecko) answer(s *snapshot, r *http.Request, route, id string) reply {
	q := r.URL.Query()
	switch route {
	case "/ping":
		return g.ok([]byte(`{"gecko_says":"(V3) To the Moon!"}`), nil)
	case "/coins/list":
		return g.ok(s.geckoCoins(), nil)
	case "/coins/markets":
		return g.markets(s, q)
	case "/coins/{id}/market_chart/range":
		return g.chart(s, q, id)
	}
	return g.failure(s, http.StatusNotFound, "Incorrect path. Please check https://www.coingecko.com/api/")
}

// ok is a 200 with the headers and the weak ETag of CoinGecko.
func (coingecko) ok(body []byte, stamps []Stamp) reply {
	sum := sha256.Sum256(body)
	rep := newReply(http.StatusOK, geckoJSON, body).
		with("Cache-Control", "max-age=30, public, must-revalidate, s-maxage=30").
		with("ETag", fmt.Sprintf(`W/"%x"`, sum[:16])).
		with("Access-Control-Allow-Origin", "*").
		with("Access-Control-Expose-Headers", "link, per-page, total").
		with("Vary", "Accept-Encoding, Origin")
	rep.stamps = stamps
	return rep
}

// failure is shaped by its status, as with CoinGecko.
func (coingecko) failure(s *snapshot, status int, message string) reply {
	var body any = map[string]string{"error": message}
	switch status {
	case http.StatusUnauthorized:
		body = map[string]any{"error": map[string]any{"status": geckoStatus{
			Timestamp: s.at.UTC().Format("2006-01-02T15:04:05.000+00:00"), Code: unauthorizedCode(message), Message: message,
		}}}
	case http.StatusTooManyRequests, http.StatusForbidden, http.StatusPaymentRequired:
		body = map[string]any{"status": geckoStatus{Code: status, Message: message}}
	case http.StatusInternalServerError:
		body = struct {
			Status int    `json:"status"`
			Error  string `json:"error"`
		}{status, message}
	}
	return newReply(status, geckoJSON, mustMarshal(body)).
		with("Cache-Control", "no-cache").with("Vary", "Accept-Encoding")
}

type geckoStatus struct {
	Timestamp string `json:"timestamp,omitempty"`
	Code      int    `json:"error_code"`
	Message   string `json:"error_message"`
}

const beyondYear = "Your request exceeds the allowed time range. Public API users are limited to querying " +
	"historical data within the past 365 days. Upgrade to a paid plan to enjoy full historical data access: " +
	"https://www.coingecko.com/en/api/pricing."

// unauthorizedCode is CoinGecko's own number of a refusal.
func unauthorizedCode(message string) int {
	if message == beyondYear {
		return 10012
	}
	return 10002
}
