package source

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// mostContracts is how many addresses of one token are kept: bridges have brought some to dozens of chains.
const mostContracts = 100

var (
	evmAddress   = regexp.MustCompile(`^0[xX][0-9a-fA-F]{40}$`)
	otherAddress = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._:/-]{19,127}$`)
)

// Contract makes the address of a contract comparable: those of Ethereum's kind, whose case is only a
// checksum, come in lower case. It is empty for what is no address.
func Contract(text string) string {
	text = strings.TrimSpace(text)
	switch {
	case evmAddress.MatchString(text):
		return strings.ToLower(text)
	case otherAddress.MatchString(text):
		return text
	}
	return ""
}

// Contracts reads the addresses that an upstream gives of a token, sorted, nil for none: CoinGecko's
// platforms, CoinPaprika's contracts, or a contract_address. They tell which asset it is and are no part of
// a record, so what cannot be read of them counts for nothing.
func (o Object) Contracts() []string {
	var found []string
	add := func(text string) {
		if address := Contract(text); address != "" {
			found = append(found, address)
		}
	}
	var one string
	if json.Unmarshal(o.fields["contract_address"], &one) == nil {
		add(one)
	}
	var platforms map[string]*string
	if json.Unmarshal(o.fields["platforms"], &platforms) == nil {
		for _, address := range platforms {
			if address != nil {
				add(*address)
			}
		}
	}
	var contracts []struct{ Contract string }
	if json.Unmarshal(o.fields["contracts"], &contracts) == nil {
		for _, c := range contracts {
			add(c.Contract)
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return found[:min(len(found), mostContracts)]
}
