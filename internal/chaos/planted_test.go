package chaos_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The suite proves itself: of a program that commits the cursor before the data it must say that it
// loses some.
func TestAPlantedBugIsFound(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	binary, err := planted()
	require.NoError(t, err)
	r.binary = binary
	try(t, "a planted bug, the cursor before the data: found", func() {
		require.True(t, r.kill(writing("records"), "ingest", "csv"))
		r.age()
		r.ingest("csv")
		lost := func(problem string) bool { return strings.HasPrefix(problem, "lost: {csv ") }
		require.True(t, slices.ContainsFunc(r.problems(), lost), "nothing was found: %q", r.problems())
	})
}
