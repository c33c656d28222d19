package simulator

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValuesAreSpoiltInTheFirstRowOnly(t *testing.T) {
	for _, c := range []struct {
		kind, gecko, paprika string // what follows a field in the first row
		lost                 bool
	}{
		{"nan", `"current_price":NaN,`, `"price":NaN,`, true},
		{"huge_number", `"current_price":1e400,`, `"price":1e400,`, true},
		{"negative", `"current_price":-`, `"price":-`, true},
		{"text_numbers", `"current_price":"`, `"price":"`, false},
		{"nul", `\u0000","image"`, `\u0000","symbol"`, true},
		{"surrogate", `\ud800","image"`, `\ud800","symbol"`, true},
		{"invalid_utf8", "\xff\",\"image\"", "\xff\",\"symbol\"", true},
		{"future", `"last_updated":"2999-01-01T`, `"last_updated":"2999-01-01T`, true},
	} {
		for up, path := range map[string]string{"coingecko": markets, "coinpaprika": tickers} {
			t.Run(up+" "+c.kind, func(t *testing.T) {
				s := still(Options{Coins: 5})
				before := get(t, s, path)
				stamps := stampsOf(t, before)
				body, told := listed(t, s, Fault{Upstream: up, Kind: c.kind}, path)
				mark := map[string]string{"coingecko": c.gecko, "coinpaprika": c.paprika}[up]
				require.Equal(t, 1, strings.Count(body, mark), body[:min(len(body), 400)])
				require.NotContains(t, before, mark)
				second := strings.Index(before, `},{"id"`)
				require.True(t, strings.HasSuffix(body, before[second:]), "other rows have changed")
				if c.lost {
					stamps = stamps[1:]
				}
				require.Equal(t, stamps, told)
			})
		}
	}
}

func TestValuesAreSpoiltInAsManyRowsAsAsked(t *testing.T) {
	for rows, want := range map[int]int{0: 1, 1: 1, 3: 3, 99: 5, everyRow: 5} {
		s := still(Options{Coins: 5})
		body, told := listed(t, s, Fault{Upstream: "coingecko", Kind: "negative", Rows: rows}, markets)
		require.Equal(t, want, strings.Count(body, `"current_price":-`))
		require.Len(t, told, 5-want)
	}
}

func TestPricesJumpTenfoldEverywhere(t *testing.T) {
	s := still(Options{Coins: 30})
	before := rows(t, get(t, s, markets))
	body, told := listed(t, s, Fault{Upstream: "coingecko", Kind: "price_jump"}, markets)
	after := rows(t, body)
	require.Len(t, told, len(before))
	for i := range before {
		was, err := before[i]["current_price"].(json.Number).Float64()
		require.NoError(t, err)
		is, err := after[i]["current_price"].(json.Number).Float64()
		require.NoError(t, err)
		require.InEpsilon(t, 10*was, is, 1e-9)
		require.Equal(t, before[i]["market_cap"], after[i]["market_cap"])
	}
}

func TestNumbersBecomeTextsButNothingStaysNothing(t *testing.T) {
	s := still(Options{})
	body, _ := listed(t, s, Fault{Upstream: "coingecko", Kind: "text_numbers", Rows: everyRow}, markets+"&per_page=250")
	nothing := 0
	for _, r := range rows(t, body) {
		require.IsType(t, "", r["current_price"])
		require.IsType(t, "", r["total_volume"])
		require.IsType(t, json.Number(""), r["ath"])
		if r["max_supply"] == nil {
			nothing++
		}
	}
	require.Positive(t, nothing)
}
