package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// So many listings are read in one scan that filters; fewer are merged from a scan each.
func TestVeryManyListingsShareAScan(t *testing.T) {
	ids := make([]int64, maxScans+1)
	require.Len(t, scansOf("listing_id", ids[:maxScans]), maxScans)
	one := scansOf("listing_id", ids)
	require.Len(t, one, 1)
	require.Equal(t, "listing_id IN (?)", one[0].condition)
	require.Empty(t, scansOf("listing_id", ids[:0]))
}
