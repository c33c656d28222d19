package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// markets is /coins/markets.
func (g coingecko) markets(s *snapshot, q url.Values) reply {
	if problem := currencyProblem(q); problem != "" {
		return g.failure(s, http.StatusUnprocessableEntity, problem)
	}
	sights := pick(s.gecko(), q)
	sortSights(sights, q.Get("order"))
	sights = s.fault.page(sights, leading(q.Get("page"), 1), min(leading(q.Get("per_page"), 100), 250))
	rows, stamps := make([][]byte, len(sights)), make([]Stamp, len(sights))
	for i, m := range sights {
		rows[i], stamps[i] = s.withChanges(m, q.Get("price_change_percentage")), m.stamp
	}
	return g.ok(list(rows), stamps)
}

func currencyProblem(q url.Values) string {
	switch {
	case q.Get("vs_currency") == "":
		return "Missing parameter vs_currency"
	case !strings.EqualFold(q.Get("vs_currency"), "usd"):
		return "invalid vs_currency" // the simulated market counts in dollars only
	}
	return ""
}

// pick keeps the coins asked for by ids; all if none are named.
func pick(sights []sight, q url.Values) []sight {
	if q.Get("ids") == "" {
		return slices.Clone(sights)
	}
	wanted := map[string]bool{}
	for id := range strings.SplitSeq(q.Get("ids"), ",") {
		wanted[strings.TrimSpace(id)] = true
	}
	var kept []sight
	for _, m := range sights {
		if wanted[m.geckoID] {
			kept = append(kept, m)
		}
	}
	return kept
}

// sortSights orders by what was asked for; they come by falling market cap,
// which is also the order where another word is given.
func sortSights(sights []sight, order string) {
	by := map[string]func(a, b sight) int{
		"market_cap_asc": func(a, b sight) int { return cmp.Compare(a.cap, b.cap) },
		"volume_asc":     func(a, b sight) int { return cmp.Compare(a.volume, b.volume) },
		"volume_desc":    func(a, b sight) int { return cmp.Compare(b.volume, a.volume) },
		"id_asc":         func(a, b sight) int { return cmp.Compare(a.geckoID, b.geckoID) },
		"id_desc":        func(a, b sight) int { return cmp.Compare(b.geckoID, a.geckoID) },
	}[order]
	if by != nil {
		slices.SortStableFunc(sights, by)
	}
}

// page is the number-th page of size rows, empty after the end.
func page(sights []sight, number, size int) []sight {
	from := len(sights)
	if number <= len(sights) {
		from = min((number-1)*size, len(sights))
	}
	return window(sights, from, size)
}

// window is size rows from one on, as far as there are so many.
func window(sights []sight, from, size int) []sight {
	end := min(max(0, from+size), len(sights))
	return sights[min(max(0, from), end):end]
}

// leading is a number from 1 on; anything else counts as not given.
func leading(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil && n >= 1 {
		return n
	}
	return otherwise
}

// withChanges adds the changes that were asked for to a row.
func (s *snapshot) withChanges(m sight, asked string) []byte {
	if asked == "" {
		return m.row
	}
	windows := strings.Split(strings.ReplaceAll(asked, " ", ""), ",")
	row := slices.Clone(m.row[:len(m.row)-1])
	for _, w := range geckoWindows {
		if slices.Contains(windows, w.name) {
			value, _ := s.geckoChange(m.coin, m.seen, w.back).MarshalJSON() // never fails
			row = fmt.Appendf(row, `,"price_change_percentage_%s_in_currency":%s`, w.name, value)
		}
	}
	return append(row, '}')
}

// geckoCoins is /coins/list: every coin by id, unpaged.
func (s *snapshot) geckoCoins() []byte {
	type entry struct {
		ID     string `json:"id"`
		Symbol string `json:"symbol"`
		Name   string `json:"name"`
	}
	entries := []entry{}
	for _, c := range s.coins {
		if c.geckoID != "" {
			entries = append(entries, entry{c.geckoID, c.gecko.symbol, c.gecko.name})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.ID, b.ID) })
	return mustMarshal(entries)
}
