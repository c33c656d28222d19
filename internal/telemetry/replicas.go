package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Replica is how a replica of the database stands, as far as this process has seen.
type Replica struct {
	Name                 string // without secrets, and no other's
	State                string
	Lag                  time.Duration // negative where it is not known
	Reads, Moved, Passed int64         // since the start
}

// Replicas has replicas told by /metrics. look tells how they stand now, and how many reads that they might have answered were sent
// to the primary; states are all states that there are.
func (t *Telemetry) Replicas(states []string, look func() (list []Replica, atPrimary int64)) {
	t.registry.MustRegister(replicas{states, look})
}

// replicas is a prometheus.Collector.
type replicas struct {
	states []string
	look   func() ([]Replica, int64)
}

var (
	replicaState  = describe("replica_state", "1 for the state that a replica of the database is in, as this process sees it, 0 for the others.", "replica", "state")
	replicaLag    = describe("replica_lag_seconds", "For how long a replica has not had all that the primary had; absent where it does not answer or follow.", "replica")
	replicaReads  = describe("reads_total", "Reads that replicas may answer, by the server that was asked: a replica, or primary.", "server")
	replicaMoved  = describe("replica_reads_moved_total", "Reads that failed at a replica and were asked of another server.", "replica")
	replicaPassed = describe("replica_passed_total", "Requests that went elsewhere because a replica did not have yet what was shown before.", "replica")
)

// Describe implements prometheus.Collector.
func (replicas) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{replicaState, replicaLag, replicaReads, replicaMoved, replicaPassed} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (r replicas) Collect(to chan<- prometheus.Metric) {
	list, atPrimary := r.look()
	tell := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	tell(replicaReads, prometheus.CounterValue, float64(atPrimary), "primary")
	for _, one := range list {
		for _, state := range r.states {
			tell(replicaState, prometheus.GaugeValue, number(one.State == state), one.Name, state)
		}
		if one.Lag >= 0 {
			tell(replicaLag, prometheus.GaugeValue, one.Lag.Seconds(), one.Name)
		}
		tell(replicaReads, prometheus.CounterValue, float64(one.Reads), one.Name)
		tell(replicaMoved, prometheus.CounterValue, float64(one.Moved), one.Name)
		tell(replicaPassed, prometheus.CounterValue, float64(one.Passed), one.Name)
	}
}
