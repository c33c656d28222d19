package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

func TestBadInputAboutMatchesIsNamed(t *testing.T) {
	w := newWorld(t)
	for query, message := range map[string]string{
		`{ assets(filter: {minSources: 0}) { totalCount } }`:                    `minSources: "0" is not allowed: 1 or more`,
		`{ assets(filter: {minSources: -3}) { totalCount } }`:                   `minSources: "-3" is not allowed: 1 or more`,
		`{ assets(filter: {minSources: 99999999999}) { totalCount } }`:          `99999999999`,
		`{ assets(orderBy: SPREAD) { totalCount } }`:                            `Value "SPREAD" does not exist in "AssetOrder!" enum.`,
		`{ disagreements(minSpreadPercent: "-0.1") { totalCount } }`:            `minSpreadPercent: "-0.1" is not allowed: 0 or more`,
		`{ disagreements(minSpreadPercent: "wide") { totalCount } }`:            `Decimal: "wide" is not allowed: a number`,
		`{ disagreements(minSpreadPercent: null) { totalCount } }`:              `Expected value of type "Decimal!", found null.`,
		`{ disagreements(first: 0) { totalCount } }`:                            `first: "0" is not allowed: from 1 to 500`,
		`{ matchCandidates(filter: {minScore: 1.01}) { totalCount } }`:          `minScore: "1.01" is not allowed: from 0 to 1`,
		`{ matchCandidates(filter: {minScore: -0.5}) { totalCount } }`:          `minScore: "-0.5" is not allowed: from 0 to 1`,
		`{ matchCandidates(filter: {source: ["x"]}) { totalCount } }`:           `source: "x" is not allowed: known are coingecko, coinpaprika, csv`,
		`{ matchCandidates(last: 501) { totalCount } }`:                         `last: "501" is not allowed: from 1 to 500`,
		`{ matchChanges(filter: {source: ["coingecko", "X"]}) { totalCount } }`: `source: "X" is not allowed: known are coingecko, coinpaprika, csv`,
		`{ matchChanges(first: 1, last: 1) { totalCount } }`:                    `first, last: "1, 1" is not allowed: only one of them, from 1 to 500`,
	} {
		t.Run(query, func(t *testing.T) {
			code, text := w.refused(t, query)
			require.Equal(t, "BAD_USER_INPUT", code, text)
			require.Contains(t, text, message)
		})
	}
	for _, score := range []any{"0.5", "NaN", "Inf", true, []any{}} {
		code, text := w.refused(t, `query ($s: Float) { matchCandidates(filter: {minScore: $s}) { totalCount } }`, "s", score)
		require.Equal(t, "BAD_USER_INPUT", code, text)
	}
	for _, order := range []any{"price_desc", "VOLUME_DESC"} {
		code, text := w.refused(t, `query ($o: AssetOrder!) { assets(orderBy: $o) { totalCount } }`, "o", order)
		require.Equal(t, "BAD_USER_INPUT", code, text)
	}
	require.Empty(t, w.log.String(), "what a client did wrong is no news")
}

func TestDecisionsAboutWhatIsNotThereAreRefused(t *testing.T) {
	w := newWorld(t)
	w.twins(t, 2, 0)
	w.scope = market.ScopeAdmin
	for name, c := range map[string]struct {
		mutation          string
		source, id, asset string
		code, message     string
	}{
		"no such asset":          {link, "coinpaprika", "id-Twin 0", "no-such-coin", "NOT_FOUND", `asset "no-such-coin": not found`},
		"no such listing":        {link, "coinpaprika", "no-such-id", "twin-0", "NOT_FOUND", "coinpaprika/no-such-id: not found"},
		"nothing to unlink":      {unlink, "csv", "id-Twin 0", "", "NOT_FOUND", "csv/id-Twin 0: not found"},
		"nothing to release":     {release, "csv", "id-Twin 0", "", "NOT_FOUND", "csv/id-Twin 0: not found"},
		"twice in one source":    {link, "coingecko", "id-Twin 1", "twin-0", "BAD_USER_INPUT", `asset: "twin-0" is not allowed: an asset without a listing of coingecko`},
		"what stands alone":      {unlink, "coinpaprika", "id-Twin 0", "", "BAD_USER_INPUT", "stands alone"},
		"bytes that are no text": {link, "coinpaprika", "a\x00b", "twin-0", "BAD_USER_INPUT", "zero bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			variables := []any{"source", c.source, "id", c.id}
			if c.asset != "" {
				variables = append(variables, "asset", c.asset)
			}
			code, message := w.refused(t, c.mutation, variables...)
			require.Equal(t, c.code, code, message)
			require.Contains(t, message, c.message)
		})
	}
	require.Zero(t, dig(t, w.data(t, `{ matchChanges { totalCount } }`), "matchChanges", "totalCount"))
	require.Empty(t, w.log.String())
}
