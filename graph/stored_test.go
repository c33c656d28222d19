package graph_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// observe makes an observation of a coin, which both APIs call by the same symbol and name.
func observe(name, symbol, price string, at time.Time) market.Observation {
	payload := fmt.Appendf(nil, `{"name": %q, "at": %d, "price": %s}`, name, at.Unix(), price)
	sum := sha256.Sum256(payload)
	return market.Observation{
		ExternalID: "id-" + name, Symbol: symbol, Name: name, ObservedAt: at,
		Figures: market.Figures{PriceUSD: decimal.RequireFromString(price)},
		Payload: payload, PayloadHash: [16]byte(sum[:16]),
	}
}

// run stores a run of one page.
func (w *world) run(t testing.TB, source string, b market.Batch, end market.RunEnd) market.Run {
	t.Helper()
	kind := market.KindAPI
	if source == "csv" {
		kind = market.KindFile
	}
	run, err := w.store.StartRun(t.Context(), market.RunRequest{Source: source, Kind: kind, Trigger: market.TriggerManual})
	require.NoError(t, err)
	b.Source, b.FetchedAt, b.Next = source, time.Now(), market.Cursor(fmt.Sprintf(`{"after": "run %d"}`, run.ID))
	_, err = w.store.CommitBatch(t.Context(), run.ID, b)
	require.NoError(t, err)
	run, err = w.store.FinishRun(t.Context(), run.ID, end)
	require.NoError(t, err)
	return run
}

var succeeded = market.RunEnd{Status: market.RunSucceeded}

// coins stores so many coins of both APIs, ranked, with so many hourly records of each, the newest at noon.
func (w *world) coins(t testing.TB, coins, hours int) {
	t.Helper()
	for i, source := range []string{"coingecko", "coinpaprika"} {
		var b market.Batch
		for c := range coins {
			for h := range hours {
				price := fmt.Sprintf("%d.%d", 1000*(c+1)+h, i+1)
				o := observe(fmt.Sprintf("Coin %03d", c), fmt.Sprintf("C%03d", c), price, noon.Add(-time.Duration(h)*time.Hour))
				rank := int32(c + 1)
				o.Rank = &rank
				b.Observations = append(b.Observations, o)
			}
		}
		w.run(t, source, b, succeeded)
	}
}
