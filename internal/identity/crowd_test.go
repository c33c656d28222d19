package identity_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
)

// A name that hundreds have makes no pair of each two of them, and still matches where the symbol agrees.
func TestACrowdOfNamesakes(t *testing.T) {
	var list []market.Evidence
	for _, source := range []string{"a", "b"} {
		for n := range 300 {
			list = append(list, listing(fmt.Sprintf("%s/%s%d S%s%d Moon Token", source, source, n, source, n)))
		}
	}
	list = append(list, listing("a/moon MOON Moon Token"), listing("b/moon-moon MOON Moon Token"))
	r := identity.Resolve(list)
	require.Empty(t, r.Candidates)
	require.Len(t, r.Groups, 601)
	few := identity.Resolve(listings("a/x MOON Moon", "b/y LUNE Moon"))
	require.Len(t, few.Candidates, 1, "where few have the name it makes a candidate")
}
