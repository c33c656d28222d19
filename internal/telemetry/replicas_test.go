package telemetry_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/telemetry"
)

func TestReplicasAreToldAsTheyStand(t *testing.T) {
	w := newWorld(t, telemetry.Options{})
	list := []telemetry.Replica{{Name: "one:5432", State: "used", Lag: 1500 * time.Millisecond, Reads: 7, Moved: 2, Passed: 3}, {Name: "two:5432", State: "gone", Lag: -1}}
	w.Replicas([]string{"used", "gone"}, func() ([]telemetry.Replica, int64) { return list, 5 })
	text := w.metrics(t)
	for _, want := range []string{
		`kasparro_replica_state{replica="one:5432",state="used"} 1`, `kasparro_replica_state{replica="one:5432",state="gone"} 0`,
		`kasparro_replica_state{replica="two:5432",state="used"} 0`, `kasparro_replica_state{replica="two:5432",state="gone"} 1`,
		`kasparro_replica_lag_seconds{replica="one:5432"} 1.5`, `kasparro_reads_total{server="primary"} 5`, `kasparro_reads_total{server="one:5432"} 7`,
		`kasparro_reads_total{server="two:5432"} 0`, `kasparro_replica_reads_moved_total{replica="one:5432"} 2`, `kasparro_replica_passed_total{replica="one:5432"} 3`,
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, `kasparro_replica_lag_seconds{replica="two:5432"}`, "nobody knows")
	list = list[1:]
	require.NotContains(t, w.metrics(t), "one:5432", "what was")
}
