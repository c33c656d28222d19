package identity_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// row is a coin as either source lists it; what a list does not give stays empty.
type row struct {
	ID, Symbol, Name string
	Rank             *int32
	MarketCapRank    *int32              `json:"market_cap_rank"`
	Price            decimal.NullDecimal `json:"current_price"`
	MarketCap        decimal.NullDecimal `json:"market_cap"`
	LastUpdated      string              `json:"last_updated"`
	Platforms        map[string]string
	Quotes           struct {
		USD struct {
			Price     decimal.NullDecimal
			MarketCap decimal.NullDecimal `json:"market_cap"`
		}
	}
}

// readListings reads a JSON array of rows, bare or wrapped as {"markets": [...]}.
func readListings(t *testing.T, source, file string) []market.Evidence {
	require.NotEmpty(t, file, "-identity.%s is missing: give it, or set RECORDINGS_DIR", source)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var rows []row
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		wrapped := struct{ Markets *[]row }{&rows}
		require.NoError(t, json.Unmarshal(text, &wrapped), file)
	} else {
		require.NoError(t, json.Unmarshal(text, &rows), file)
	}
	require.NotEmpty(t, rows, "%s lists no coins", file)
	merged := make(map[market.ListingKey]market.Evidence, len(rows)) // pages that were put together may overlap
	for _, r := range rows {
		l := r.evidence(source)
		merged[l.Key()] = l
	}
	return slices.SortedFunc(maps.Values(merged), byKey)
}

func (r *row) evidence(source string) market.Evidence {
	l := market.Evidence{
		Listing: market.Listing{Source: source, ExternalID: r.ID, Symbol: r.Symbol, Name: r.Name},
		Rank:    r.Rank, PriceUSD: r.Price, MarketCapUSD: r.MarketCap,
	}
	if l.Rank == nil {
		l.Rank = r.MarketCapRank
	}
	if usd := r.Quotes.USD; usd.Price.Valid {
		l.PriceUSD, l.MarketCapUSD = usd.Price, usd.MarketCap
	}
	if at, err := time.Parse(time.RFC3339, r.LastUpdated); err == nil {
		l.ObservedAt = at
	}
	for _, address := range r.Platforms {
		if strings.HasPrefix(address, "0x") {
			address = strings.ToLower(address)
		}
		if address != "" {
			l.Contracts = append(l.Contracts, address)
		}
	}
	return l
}

// readPairs reads lines of a CoinGecko id and a CoinPaprika id, after a header.
func readPairs(t *testing.T, file string) [][2]market.ListingKey {
	require.NotEmpty(t, file, "-identity.pairs is missing: give it, or set RECORDINGS_DIR")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	require.NoError(t, err, file)
	require.Greater(t, len(lines), 1, "%s names no pairs", file)
	var pairs [][2]market.ListingKey
	for _, line := range lines[1:] {
		require.GreaterOrEqual(t, len(line), 2, "%s: a line needs two ids", file)
		pairs = append(pairs, [2]market.ListingKey{{Source: "coingecko", ExternalID: line[0]}, {Source: "coinpaprika", ExternalID: line[1]}})
	}
	return pairs
}

// jury is what is known of some listings.
type jury struct {
	list    []market.Evidence
	pairs   [][2]int // known to be the same coin
	friends [][2]int // false ones: known not to be
	absent  []string // pairs that are not in both lists
}

func newJury(list []market.Evidence, pairs [][2]market.ListingKey) *jury {
	j := &jury{list: list}
	place := map[market.ListingKey]int{}
	for i := range list {
		place[list[i].Key()] = i
	}
	for _, p := range pairs {
		x, here := place[p[0]]
		y, there := place[p[1]]
		if !here || !there {
			j.absent = append(j.absent, fmt.Sprintf("%s = %s", p[0], p[1]))
			continue
		}
		j.pairs = append(j.pairs, [2]int{x, y})
	}
	for _, friends := range falseFriends {
		x, y := listing(friends[0]), listing(friends[1])
		j.friends = append(j.friends, [2]int{place[x.Key()], place[y.Key()]})
	}
	return j
}

func (j *jury) tellLists() {
	fmt.Printf("%d pairs given, %d in both lists; %d false friends\n", len(j.pairs)+len(j.absent), len(j.pairs), len(j.friends))
	for _, text := range j.absent {
		fmt.Printf("  not in the lists: %s\n", text)
	}
}

// missed names the known pairs that are not one asset.
func (j *jury) missed(r market.Resolution) (lines []string) {
	asset := assets(j.list, r)
	for _, p := range j.pairs {
		if asset[j.list[p[0]].Key()] == asset[j.list[p[1]].Key()] {
			continue
		}
		line := fmt.Sprintf("missed: %s = %s", j.name(p[0]), j.name(p[1]))
		at := slices.IndexFunc(r.Candidates, func(c market.Candidate) bool { return c.Listings == p })
		if at >= 0 {
			m := r.Candidates[at].Match
			line += fmt.Sprintf(", a candidate at %.2f: %s", m.Confidence, m.Reason)
		} else {
			line += ", not a candidate"
		}
		lines = append(lines, line)
	}
	return lines
}

// wrong names the merges that are known to be false: of a listing that has its partner elsewhere, and of
// false friends.
func (j *jury) wrong(r market.Resolution) (lines []string) {
	asset := assets(j.list, r)
	add := func(x, y int) { lines = append(lines, fmt.Sprintf("FALSE: %s = %s", j.name(x), j.name(y))) }
	for _, p := range j.pairs {
		for side, i := range p {
			partner := p[1-side]
			for _, m := range members(r, asset[j.list[i].Key()]) {
				if m != partner && j.list[m].Source == j.list[partner].Source {
					add(i, m)
				}
			}
		}
	}
	for _, p := range j.friends {
		if asset[j.list[p[0]].Key()] == asset[j.list[p[1]].Key()] {
			add(p[0], p[1])
		}
	}
	return lines
}

func (j *jury) name(i int) string {
	l := &j.list[i]
	return fmt.Sprintf("%s (%s, %s)", l.Key(), strings.ToUpper(l.Symbol), l.Name)
}
