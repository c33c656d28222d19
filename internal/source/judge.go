package source

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// Names are indexed, and an index entry must fit a third of an 8 kB page.
const maxNameBytes = 512

// Unfit says why the item can be no record, or nil: the source could not read it, it lacks a name, a
// time or a price, or one of them is beyond reason. now is when the item was fetched. The payload is
// not looked at.
func (i *Item) Unfit(now time.Time) *market.Reason {
	if i.Problem != nil {
		return i.Problem
	}
	if reason := i.unfitNames(); reason != nil {
		return reason
	}
	if reason := unfitTime(i.ObservedAt, now); reason != nil {
		return reason
	}
	return i.Amounts.unfit()
}

func (i *Item) unfitNames() *market.Reason {
	if i.ExternalID == "" {
		return &market.Reason{Code: ProblemMissingExternalID, Field: "external_id", Detail: "the item does not say which asset it is of"}
	}
	for _, n := range [...]struct{ field, text string }{
		{"external_id", i.ExternalID}, {"symbol", i.Symbol}, {"name", i.Name},
	} {
		if len(n.text) > maxNameBytes {
			return &market.Reason{Code: "out_of_range", Field: n.field, Detail: fmt.Sprintf("it has %d bytes, at most %d are kept", len(n.text), maxNameBytes)}
		}
	}
	return nil
}

// unfitTime leaves the clock out of its reason: the same item is to get the same reason every time.
func unfitTime(at, now time.Time) *market.Reason {
	switch {
	case at.IsZero():
		return &market.Reason{Code: ProblemMissingTime, Field: "observed_at", Detail: "the source gives no time for this item"}
	case at.After(now.Add(FutureSlack)):
		return &market.Reason{Code: "future_time", Field: "observed_at", Detail: fmt.Sprintf(
			"%s lies more than %s ahead of the time when it was fetched", at.UTC().Format(time.RFC3339), FutureSlack)}
	case at.Year() < 1970:
		return &market.Reason{Code: ProblemBadTime, Field: "observed_at", Detail: at.UTC().Format(time.RFC3339) + " lies before 1970"}
	}
	return nil
}

func (a *Amounts) unfit() *market.Reason {
	if a.Price == "" {
		return &market.Reason{Code: "missing_price", Field: "price_usd", Detail: "the source gives no price"}
	}
	for _, n := range [...]struct {
		field    string
		text     string
		positive bool
	}{
		{"price_usd", a.Price, true}, {"open_usd", a.Open, true}, {"high_usd", a.High, true}, {"low_usd", a.Low, true},
		{"market_cap_usd", a.MarketCap, true}, {"volume_24h_usd", a.Volume24h, true},
		{"percent_change_1h", a.PercentChange1h, false}, {"percent_change_24h", a.PercentChange24h, false},
		{"percent_change_7d", a.PercentChange7d, false}, {"circulating_supply", a.CirculatingSupply, true},
		{"total_supply", a.TotalSupply, true}, {"max_supply", a.MaxSupply, true}, {"rank", a.Rank, true},
	} {
		if code, why := unfitNumber(n.text, n.positive); code != "" {
			return reject(code, n.field, n.text, why)
		}
	}
	if a.Rank == "" {
		return nil
	}
	if rank, err := strconv.ParseFloat(a.Rank, 64); err != nil || rank != math.Trunc(rank) || rank > math.MaxInt32 {
		return reject("bad_number", "rank", a.Rank, "a rank is a whole number")
	}
	return nil
}

func reject(code, field, text, why string) *market.Reason {
	if len(text) > 80 {
		text = text[:80] + "..."
	}
	return &market.Reason{Code: code, Field: field, Detail: fmt.Sprintf("%q: %s", text, why)}
}
