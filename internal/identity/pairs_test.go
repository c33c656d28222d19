package identity_test

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
)

var (
	pairsFile       = flag.String("identity.pairs", recording("identity/known_pairs.csv"), "CSV of a CoinGecko id and a CoinPaprika id of the same coin")
	coingeckoFile   = flag.String("identity.coingecko", recording("coingecko/coins_list_2022-11-16.json"), "JSON as CoinGecko's /coins/list or /coins/markets sends it")
	coinpaprikaFile = flag.String("identity.coinpaprika", recording("coinpaprika/coins_active_only_2022-11-16.json"), "JSON as CoinPaprika's /coins or /tickers sends it")
	seed            = flag.Uint64("identity.seed", 1, "draws the prices where the lists have none")
)

// recording is a file below RECORDINGS_DIR, and empty where that is not set.
func recording(name string) string {
	if dir := os.Getenv("RECORDINGS_DIR"); dir != "" {
		return filepath.Join(dir, name)
	}
	return ""
}

// What has to be found of the known pairs that are in both lists.
const (
	enoughByNames  = 0.85
	enoughByPrices = 0.95
)

// falseFriends share a symbol, and people have taken them for one coin.
var falseFriends = [][2]string{
	{"coingecko/nano XNO Nano", "coinpaprika/xno-xeno-token XNO Xeno Token"},
	{"coingecko/immutable-x IMX ImmutableX", "coinpaprika/imx-impermax IMX Impermax"},
	{"coingecko/ronin RON Ronin", "coinpaprika/ron-rocket-raccoon RON Rocket Raccoon"},
	{"coingecko/radix XRD Radix", "coinpaprika/xrd-raven-dark XRD Raven Dark"},
	{"coingecko/toncoin TON Toncoin", "coinpaprika/ton-tokamak-network TON Tokamak Network"},
}

// addFalseFriends puts those in that the lists do not hold.
func addFalseFriends(list []market.Evidence) []market.Evidence {
	for _, friends := range falseFriends {
		for _, text := range friends {
			l := listing(text)
			if !slices.ContainsFunc(list, func(other market.Evidence) bool { return other.Key() == l.Key() }) {
				list = append(list, l)
			}
		}
	}
	return list
}

// TestKnownPairs judges the resolver by pairs of listings that are known to be the same coin, among all
// listings of two sources, and prints a report. Two that are not the same must never be merged.
func TestKnownPairs(t *testing.T) {
	if *pairsFile == "" && *coingeckoFile == "" && *coinpaprikaFile == "" {
		t.Skip("there are no lists to judge by: set RECORDINGS_DIR, or -identity.pairs, -identity.coingecko and -identity.coinpaprika")
	}
	list := slices.Concat(readListings(t, "coingecko", *coingeckoFile), readListings(t, "coinpaprika", *coinpaprikaFile))
	j := newJury(addFalseFriends(list), readPairs(t, *pairsFile))
	j.tellLists()
	require.NotEmpty(t, j.pairs, "none of the pairs of %s is in both lists", *pairsFile)

	prices := "with prices, as the lists give them"
	priced := slices.Clone(j.list)
	if !slices.ContainsFunc(priced, func(l market.Evidence) bool { return l.PriceUSD.Valid }) {
		prices = fmt.Sprintf("with prices and market values that are drawn, not real (seed %d)", *seed)
		j.draw(priced, *seed)
	}
	for i := range j.list {
		j.list[i].PriceUSD, j.list[i].MarketCapUSD = decimal.NullDecimal{}, decimal.NullDecimal{}
	}
	t.Run("names", func(t *testing.T) { j.judge(t, "names and symbols only", enoughByNames) })
	j.list = priced
	t.Run("prices", func(t *testing.T) { j.judge(t, prices, enoughByPrices) })
}

// judge resolves the lists, prints what came of it, and fails where a merge is false or too little is found.
func (j *jury) judge(t *testing.T, mode string, enough float64) {
	began := time.Now()
	r := identity.Resolve(j.list)
	took := time.Since(began)

	groups, merges := 0, map[string]int{}
	for _, g := range r.Groups {
		if len(g.Members) > 1 {
			groups++
			m := g.Members[1].Match
			merges[fmt.Sprintf("%-16s %.2f", m.Method, m.Confidence)]++
		}
	}
	missed, wrong := j.missed(r), j.wrong(r)
	found := len(j.pairs) - len(missed)
	share := float64(found) / float64(len(j.pairs))
	fmt.Printf("\n%s\n  %d listings, %d groups of two sources, %d candidates, resolved in %d ms\n",
		mode, len(j.list), groups, len(r.Candidates), took.Milliseconds())
	fmt.Printf("  found %d of %d pairs (%.1f %%), %d false merges\n", found, len(j.pairs), 100*share, len(wrong))
	for _, line := range slices.Concat(missed, wrong) {
		fmt.Println("  " + line)
	}
	for _, method := range slices.Sorted(maps.Keys(merges)) {
		fmt.Printf("  %-22s %6d merges\n", method, merges[method])
	}
	require.Empty(t, wrong, "false merges, %s", mode)
	require.GreaterOrEqual(t, share, enough, "too few of the known pairs are found, %s", mode)
}

// draw gives prices and market values by chance. The two of a known pair lie within two percent, and a tenth
// of the pairs lack one market value; all else is independent, and a tenth of all costs about a dollar.
func (j *jury) draw(list []market.Evidence, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	amount := func(x float64) decimal.NullDecimal { return decimal.NewNullDecimal(decimal.NewFromFloat(x)) }
	for i := range list {
		price := math.Pow(10, 8*random.Float64()-4)
		if random.IntN(10) == 0 {
			price = 0.98 + 0.04*random.Float64()
		}
		list[i].PriceUSD, list[i].MarketCapUSD = amount(price), amount(math.Pow(10, 8*random.Float64()+2))
	}
	for _, p := range j.pairs {
		x, y := &list[p[0]], &list[p[1]]
		near := func(d decimal.NullDecimal) decimal.NullDecimal {
			return amount(d.Decimal.InexactFloat64() * (1 + 0.02*random.Float64()))
		}
		y.PriceUSD, y.MarketCapUSD = near(x.PriceUSD), near(x.MarketCapUSD)
		if random.IntN(10) == 0 {
			list[p[random.IntN(2)]].MarketCapUSD = decimal.NullDecimal{}
		}
	}
}
