package identity

import "github.com/kasparro/kasparro/internal/market"

// judge weighs what is known of a pair. It depends on the two alone, but for onlySymbol.
func judge(a, b int, s signs) edge {
	e := edge{a: a, b: b, signs: s}
	named := s.some(sameName | sameCore | sameID)
	switch {
	case s.all(sameContract):
		e.level, e.method = byContract, market.MatchContract
	case s.all(priceDenies):
		if s.all(sameSymbol) && s.some(sameName|sameCore|sameID) {
			e.score, e.method = scoreDenied, market.MatchSymbolAndName
		}
	case s.all(sameSymbol | sameName):
		e.level, e.method = bySymbolAndName+e.more(), market.MatchSymbolAndName
	case s.all(sameSymbol|sameID|oneIsOld) && !s.priceMeans():
		e.score, e.method = scoreLikely, market.MatchExternalID
	case s.all(sameSymbol | sameID):
		e.level, e.method = byExternalID+e.more()-moreByID, market.MatchExternalID
	case s.all(sameSymbol | sameCore):
		e.level, e.method, e.open = bySymbolAndCore+e.more(), market.MatchSymbolAndName, !s.all(onlySymbol) && !s.priceMeans()
	case named:
		e.judgeDrifted()
	case s.all(sameSymbol):
		e.judgeSymbol()
	}
	if e.level > 0 {
		e.score = scoreClaimed
	}
	if e.level > 0 && s.all(oneIsGone) {
		e.level -= lessByGone
	}
	return e
}

// more is what prices and ids add.
func (e *edge) more() (more int) {
	if e.signs.all(priceSays) {
		more += moreByPrice
	}
	if e.signs.all(sameID) {
		more += moreByID
	}
	return more
}

// judgeDrifted is for names, or external ids, that agree while symbols do not. Prices have to bear it out, and market
// values too unless the symbols are kin.
func (e *edge) judgeDrifted() {
	s := e.signs
	e.method = market.MatchNameAndPrice
	if !s.some(sameName | sameCore) {
		e.method = market.MatchExternalID
	}
	switch {
	case s.all(priceSays) && !s.all(capDenies) && (s.all(capSays) || s.all(kinSymbols) && !s.all(pegs)):
		e.level = byNameAndPrice
		if s.all(sameID) {
			e.level += moreByID
		}
		if !s.all(sameName) {
			e.level -= lessByCore
		}
	case s.all(priceSays | sameName), s.all(sameName|kinSymbols) && !s.all(pricesMet):
		e.score = scoreLikely
	case (s.all(sameName) || s.some(sameCore|sameID) && s.all(kinSymbols)) && !s.all(pricesMet):
		e.score = scoreOpen
	}
}

// judgeSymbol is for a symbol that agrees while names differ. Prices have to bear it out, and market values
// too where they are known or where hundreds have that price. Where other listings have the symbol it
// is not enough; but it stays, so that one that is added cannot open what it had closed.
func (e *edge) judgeSymbol() {
	e.method = market.MatchSymbolAndPrice
	s := e.signs
	switch {
	case s.all(priceSays) && !s.all(capDenies) && (s.all(capSays) || !s.all(pegs)):
		e.level, e.open = bySymbolAndPrice, !s.all(onlySymbol)
	case s.all(onlySymbol) && (s.all(priceSays) || !s.all(pricesMet)):
		e.score = scoreLikely
	}
}
