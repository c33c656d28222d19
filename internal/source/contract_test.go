package source_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source"
)

func TestContracts(t *testing.T) {
	const tether, jupiter = "0xdac17f958d2ee523a2206206994597c13d831ec7", "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"
	for name, c := range map[string]struct {
		payload string
		want    []string
	}{
		"none":            {`{"id": "bitcoin"}`, nil},
		"nothing given":   {`{"platforms": {"": ""}, "contracts": [], "contract_address": ""}`, nil},
		"null":            {`{"platforms": null, "contracts": null, "contract_address": null}`, nil},
		"platforms":       {`{"platforms": {"solana": "` + jupiter + `", "ethereum": "0xDAC17F958D2ee523a2206206994597C13D831ec7", "x": null}}`, []string{tether, jupiter}},
		"the same twice":  {`{"platforms": {"a": "` + tether + `", "b": " ` + tether + ` "}}`, []string{tether}},
		"contracts":       {`{"contracts": [{"contract": "` + tether + `", "platform": "eth-ethereum", "type": "ERC20"}, {}]}`, []string{tether}},
		"an address":      {`{"contract_address": "` + jupiter + `"}`, []string{jupiter}},
		"no address":      {`{"contract_address": "n/a", "platforms": {"ethereum": "0x12"}}`, nil},
		"of another type": {`{"contract_address": 7, "platforms": ["0x"], "contracts": "x"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := source.NewObject([]byte(c.payload))
			require.Equal(t, c.want, o.Contracts())
			require.Nil(t, o.Problem(), "evidence rejects nothing")
		})
	}
}
