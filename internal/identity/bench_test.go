package identity_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
)

// BenchmarkResolve is over twice as many listings as the two sources have today. What it takes is told in
// sorts of the same listings too, which depends less on the machine.
func BenchmarkResolve(b *testing.B) {
	list := syntheticMarket(25_000)
	began := time.Now()
	const sorts = 10
	for range sorts {
		slices.SortFunc(slices.Clone(list), byKey)
	}
	sorted := float64(time.Since(began).Nanoseconds()) / sorts
	var groups int
	for b.Loop() {
		groups = len(identity.Resolve(list).Groups)
	}
	perResolve := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	b.ReportMetric(perResolve/1e6, "ms/resolve")
	b.ReportMetric(perResolve/sorted, "sorts/resolve")
	b.ReportMetric(float64(len(list)-groups), "links")
	require.Greater(b, len(list)-groups, 10_000, "most coins of the one source are listed by the other")
}

func byKey(x, y market.Evidence) int {
	return cmp.Or(cmp.Compare(x.Source, y.Source), cmp.Compare(x.ExternalID, y.ExternalID))
}

// syntheticMarket is two sources of n listings each, like real ones: three quarters of the coins are in both, a third of
// those under somewhat different names; some symbols are shared by hundreds, and a tenth cost a dollar.
func syntheticMarket(n int) []market.Evidence {
	random := rand.New(rand.NewPCG(1, 2))
	var list []market.Evidence
	for i := range n {
		coin := syntheticCoin(random, i)
		list = append(list, coin)
		if random.IntN(4) == 0 {
			coin = syntheticCoin(random, n+i)
		}
		coin.Source = "coinpaprika"
		coin.ExternalID = strings.ToLower(coin.Symbol) + "-" + coin.ExternalID
		coin.PriceUSD.Decimal = coin.PriceUSD.Decimal.Mul(decimal.NewFromFloat(1 + random.Float64()/50)).Round(12)
		if random.IntN(3) == 0 {
			coin.Name += " Token"
		}
		list = append(list, coin)
	}
	return list
}

func syntheticCoin(random *rand.Rand, i int) market.Evidence {
	name := word(random) + " " + word(random)
	rank := int32(i + 1)
	// Few words are taken for symbols often, most hardly ever.
	symbol := fmt.Sprintf("S%d", int(40_000*math.Pow(random.Float64(), 2.5)))
	price := decimal.NewFromFloat(math.Pow(10, random.Float64()*8-4)).Round(10)
	if random.IntN(10) == 0 {
		price = decimal.NewFromFloat(0.99 + random.Float64()/50)
	}
	return market.Evidence{
		Listing:      market.Listing{Source: "coingecko", ExternalID: fmt.Sprintf("%s-%d", strings.ReplaceAll(strings.ToLower(name), " ", "-"), i), Symbol: symbol, Name: name},
		Rank:         &rank,
		PriceUSD:     decimal.NewNullDecimal(price),
		MarketCapUSD: decimal.NewNullDecimal(decimal.NewFromFloat(math.Pow(10, random.Float64()*8+2)).Round(0)),
		ObservedAt:   noon.Add(-time.Duration(random.IntN(600)) * time.Second),
	}
}

func word(random *rand.Rand) string {
	const consonants, vowels = "bcdfgklmnprstvz", "aeiou"
	var b strings.Builder
	for range 1 + random.IntN(3) {
		b.WriteByte(consonants[random.IntN(len(consonants))])
		b.WriteByte(vowels[random.IntN(len(vowels))])
	}
	return strings.ToUpper(b.String()[:1]) + b.String()[1:]
}
