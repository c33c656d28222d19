package market_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// An id that a client made up is not found, and one that is understood names the same thing when
// it is written again.
func FuzzParseIDs(f *testing.F) {
	for _, id := range []string{
		"run_1", "run_9223372036854775807", "run_9223372036854775808", "run_-1", "run_+1", "run_01", "run_", "asset_7",
		"record_1_1704067200000000", "record_1_-62135596800000001", "record_0_1", "record_1_253402300800000000", "record_1", "",
	} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		for _, kind := range []string{market.IDAsset, market.IDRun, market.IDRejection} {
			n, err := market.ParseGlobalID(kind, id)
			if err != nil {
				require.ErrorIs(t, err, market.ErrNotFound)
				continue
			}
			require.Positive(t, n)
			again, err := market.ParseGlobalID(kind, market.GlobalID(kind, n))
			require.NoError(t, err)
			require.Equal(t, n, again)
		}
		key, err := market.ParseRecordID(id)
		if err != nil {
			require.ErrorIs(t, err, market.ErrNotFound)
			return
		}
		_, err = key.ObservedAt.MarshalJSON()
		require.NoError(t, err, "a time that no answer can hold")
		again, err := market.ParseRecordID(key.GlobalID())
		require.NoError(t, err)
		require.Equal(t, key, again)
	})
}
