package identity

import (
	"fmt"
	"strings"

	"github.com/kasparro/kasparro/internal/market"
)

// Reasons are for people. They hold no figures, which would change from run to run without anybody
// having changed their mind.

// reason says why a listing is the same asset as another.
func (r *resolution) reason(e edge, other int) string {
	with := r.facts[other].Key()
	switch {
	case e.signs == person:
		return fmt.Sprintf("a person said that it is the same as %s", with)
	case e.method == market.MatchContract:
		return fmt.Sprintf("the same contract address as %s", with)
	}
	return fmt.Sprintf("%s with %s", r.agreement(e), with)
}

// agreement names what two listings have in common.
func (r *resolution) agreement(e edge) string {
	var list []string
	for _, part := range []struct {
		is   bool
		text string
	}{
		{e.signs.all(sameContract), "contract address"},
		{e.signs.all(sameSymbol), "symbol"},
		{e.signs.all(sameName), "name"},
		{e.signs.all(sameCore) && !e.signs.all(sameName), "name but for words like token"},
		{e.signs.all(sameID), "external id"},
		{e.signs.all(priceSays), "price"},
		{e.signs.all(capSays), "market value"},
	} {
		if part.is {
			list = append(list, part.text)
		}
	}
	text := strings.Join(list, ", ")
	if len(list) > 1 {
		text = strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
		return text + " agree"
	}
	return text + " agrees"
}

func (r *resolution) leadReason(p placed) string {
	what := "ticker"
	if p.method == market.MatchName {
		what = "name"
	}
	return fmt.Sprintf("gives a %s only, and %s leads the ranking under it", what, r.facts[p.leader].Key())
}

func (r *resolution) aloneReason(i int) string {
	if f := &r.facts[i]; len(f.Apart) > 0 {
		return fmt.Sprintf("a person said that it is not %s", f.Apart[0])
	}
	return "nothing else is known to be the same asset"
}

// doubt says what speaks for a candidate, and what against.
func (r *resolution) doubt(e edge) string {
	s, x, y := e.signs, &r.facts[e.a], &r.facts[e.b]
	text := r.agreement(e)
	if !s.all(sameSymbol) && x.symbol != "" && y.symbol != "" {
		text += fmt.Sprintf("; symbols differ: %s, %s", x.symbol, y.symbol)
	}
	switch {
	case s.all(priceDenies):
		text += "; prices are far apart"
	case e.level > 0:
		text += "; other listings have as good a claim"
	case s.all(capDenies):
		text += "; market values are far apart"
	case s.all(oneIsOld):
		text += "; one name says that it is a former self"
	case s.all(pegs):
		text += "; many assets have that price"
	case !s.all(pricesMet):
		text += "; prices of about the same time are not known of both"
	}
	return text
}
