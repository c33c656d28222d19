package identity_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
)

// reasons writes what is said of each listing as "source/id: reason", and of each candidate as
// "? source/id source/id: reason".
func reasons(list []market.Evidence, r market.Resolution) []string {
	var lines []string
	for _, g := range r.Groups {
		for _, m := range g.Members {
			lines = append(lines, fmt.Sprintf("%s: %s", list[m.Listing].Key(), m.Match.Reason))
		}
	}
	for _, c := range r.Candidates {
		lines = append(lines, fmt.Sprintf("? %s %s: %s", list[c.Listings[0]].Key(), list[c.Listings[1]].Key(), c.Match.Reason))
	}
	return lines
}

func TestReasons(t *testing.T) {
	for _, c := range []tableCase{
		{"what people said",
			[]string{"a/x QNT Quant", "b/y OVL Overledger =a/x"},
			[]string{"a/x: a person said that it is the same as b/y", "b/y: a person said that it is the same as a/x"}},
		{"that it is not",
			[]string{"a/x QNT Quant", "b/y QNT Quant !a/x"},
			[]string{"a/x: nothing else is known to be the same asset", "b/y: a person said that it is not a/x"}},
		{"a contract",
			[]string{"a/x QNT Quant %0xab", "b/y OVL Overledger %0xab"},
			[]string{"a/x: the same contract address as b/y", "b/y: the same contract address as a/x"}},
		{"symbol and name",
			[]string{"a/x QNT Quant", "b/y QNT Quant"},
			[]string{"a/x: symbol and name agree with b/y", "b/y: symbol and name agree with a/x"}},
		{"all there is",
			[]string{"a/quant QNT Quant $100 ^5", "b/qnt-quant QNT Quant $100 ^5"},
			[]string{
				"a/quant: symbol, name, external id, price and market value agree with b/qnt-quant",
				"b/qnt-quant: symbol, name, external id, price and market value agree with a/quant",
			}},
		{"fillers",
			[]string{"a/x QNT Quant", "b/y QNT Quant Network"},
			[]string{
				"a/x: symbol and name but for words like token agree with b/y",
				"b/y: symbol and name but for words like token agree with a/x",
			}},
		{"id",
			[]string{"a/quant QNT Quant", "b/qnt-quant QNT Overledger"},
			[]string{"a/quant: symbol and external id agree with b/qnt-quant", "b/qnt-quant: symbol and external id agree with a/quant"}},
		{"price",
			[]string{"a/x QNT Quant $100", "b/y QNT Overledger $101"},
			[]string{"a/x: symbol and price agree with b/y", "b/y: symbol and price agree with a/x"}},
		{"name and price",
			[]string{"a/x TON Toncoin $3 ^7", "b/y TONCOIN Toncoin $3 ^7"},
			[]string{"a/x: name, price and market value agree with b/y", "b/y: name, price and market value agree with a/x"}},
		{"ticker",
			[]string{"a/x QNT Quant", "csv/y QNT -"},
			[]string{"a/x: nothing else is known to be the same asset", "csv/y: gives a ticker only, and a/x leads the ranking under it"}},
		{"name",
			[]string{"a/x QNT Quant", "csv/y - Quant"},
			[]string{"a/x: nothing else is known to be the same asset", "csv/y: gives a name only, and a/x leads the ranking under it"}},
		{"claimed",
			[]string{"a/x QNT Quant", "a/y QNT Quant", "b/z QNT Quant"},
			[]string{
				"a/x: nothing else is known to be the same asset", "a/y: nothing else is known to be the same asset",
				"b/z: nothing else is known to be the same asset",
				"? a/x b/z: symbol and name agree; other listings have as good a claim",
				"? a/y b/z: symbol and name agree; other listings have as good a claim",
			}},
		{"far apart",
			[]string{"a/x QNT Quant $1", "b/y QNT Quant $5"},
			[]string{
				"a/x: nothing else is known to be the same asset", "b/y: nothing else is known to be the same asset",
				"? a/x b/y: symbol and name agree; prices are far apart",
			}},
		{"no prices",
			[]string{"a/x QNT Quant", "b/y QNT Overledger"},
			[]string{
				"a/x: nothing else is known to be the same asset", "b/y: nothing else is known to be the same asset",
				"? a/x b/y: symbol agrees; prices of about the same time are not known of both",
			}},
		{"symbols differ",
			[]string{"a/x TON Toncoin", "b/y TONCOIN Toncoin"},
			[]string{
				"a/x: nothing else is known to be the same asset", "b/y: nothing else is known to be the same asset",
				"? a/x b/y: name agrees; symbols differ: TON, TONCOIN; prices of about the same time are not known of both",
			}},
		{"pegs",
			[]string{"a/x QNT Quant $1", "b/y QNT Overledger $1"},
			[]string{
				"a/x: nothing else is known to be the same asset", "b/y: nothing else is known to be the same asset",
				"? a/x b/y: symbol and price agree; many assets have that price",
			}},
		{"market values",
			[]string{"a/x QNT Quant $7 ^1", "b/y QNT Overledger $7 ^9"},
			[]string{
				"a/x: nothing else is known to be the same asset", "b/y: nothing else is known to be the same asset",
				"? a/x b/y: symbol and price agree; market values are far apart",
			}},
		{"symbols differ, price",
			[]string{"a/x FIRO Zcoin $3", "b/y XZC Zcoin $3"},
			[]string{
				"a/x: nothing else is known to be the same asset", "b/y: nothing else is known to be the same asset",
				"? a/x b/y: name and price agree; symbols differ: FIRO, XZC",
			}},
		{"former self",
			[]string{"a/bittorrent BTT BitTorrent", "b/btt-bittorrent BTT BitTorrent (Old)"},
			[]string{
				"a/bittorrent: nothing else is known to be the same asset",
				"b/btt-bittorrent: nothing else is known to be the same asset",
				"? a/bittorrent b/btt-bittorrent: symbol and external id agree; one name says that it is a former self",
			}},
		{"a contract that others have",
			[]string{"a/x QNT Quant %0xab", "a/y OVL Overledger %0xab", "csv/QNT QNT - %0xab"},
			[]string{
				"a/x: nothing else is known to be the same asset", "a/y: nothing else is known to be the same asset",
				"csv/QNT: nothing else is known to be the same asset",
				"? a/x csv/QNT: contract address and symbol agree; other listings have as good a claim",
				"? a/y csv/QNT: contract address agrees; symbols differ: OVL, QNT; other listings have as good a claim",
			}},
		{"and a name only",
			[]string{"a/x QNT Quant %0xab", "a/y OVL Overledger %0xab", "csv/q - Q %0xab"},
			[]string{
				"a/x: nothing else is known to be the same asset", "a/y: nothing else is known to be the same asset",
				"csv/q: nothing else is known to be the same asset",
				"? a/x csv/q: contract address agrees; other listings have as good a claim",
				"? a/y csv/q: contract address agrees; other listings have as good a claim",
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := listings(c.in...)
			require.Equal(t, c.want, reasons(list, identity.Resolve(list)))
		})
	}
}
