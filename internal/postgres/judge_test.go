package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres"
)

// The primary was seen at version 10, at 11 two seconds later, at 12 a nanosecond after that, and at 12 again.
func TestWhichReplicasAreReadFrom(t *testing.T) {
	const limit = 2 * time.Second
	seen := []postgres.Seen{{Version: 10, At: noon}, {Version: 11, At: noon.Add(limit)}, {Version: 12, At: noon.Add(limit + 1)}, {Version: 12, At: noon.Add(2 * limit)}}
	for _, c := range []struct {
		name                string
		version, knownToBe  int64
		promoted, elsewhere bool
		seen                []postgres.Seen
		state               string
		lag                 time.Duration
	}{
		{name: "it has all", version: 12, seen: seen, state: "used"},
		{name: "more has come meanwhile", version: 13, knownToBe: 12, seen: seen, state: "used"},
		{name: "behind by just what is allowed", version: 10, seen: seen[:2], state: "used", lag: limit},
		{name: "behind by a nanosecond more", version: 10, seen: seen[:3], state: "behind", lag: limit + 1},
		{name: "idle is not behind", version: 10, seen: []postgres.Seen{seen[0], {Version: 10, At: noon.Add(time.Hour)}}, state: "used"},
		{name: "behind for as long as the newest is there", version: 11, seen: seen, state: "used", lag: limit},
		{name: "older than all that was seen", version: 9, seen: seen, state: "behind", lag: 2 * limit},
		{name: "an hour behind, of which ten minutes are told", version: 10, seen: []postgres.Seen{seen[0], {Version: 11, At: noon.Add(time.Hour)}, {Version: 12, At: noon.Add(time.Hour + 10*time.Minute)}},
			state: "behind", lag: 10 * time.Minute},
		{name: "ahead before the primary was asked", version: 13, knownToBe: 13, seen: seen, state: "foreign", lag: -1},
		{name: "promoted, with all that the primary has", version: 12, promoted: true, seen: seen, state: "foreign", lag: -1},
		{name: "of another cluster, at the same version", version: 12, elsewhere: true, seen: seen, state: "foreign", lag: -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			state, lag := postgres.Judge(limit, c.seen, c.version, c.knownToBe, !c.promoted, !c.elsewhere)
			require.Equal(t, c.state, state)
			require.Equal(t, c.lag, lag)
		})
	}
}
