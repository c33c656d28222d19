package postgres

import "time"

// Replica is how a replica stands, as far as this process has seen.
type Replica struct {
	Name  string // host:port, or host:port #2 where there are several
	State string // one of ReplicaStates
	// Lag is since when it has not had all that the primary had. Of what is beyond the limit, no more than ten minutes are told.
	// It is negative where the replica does not answer, or does not follow the primary.
	Lag    time.Duration
	Reads  int64 // that were sent there
	Moved  int64 // of them, those that failed and were asked elsewhere
	Passed int64 // requests that went elsewhere because it did not have what was shown before
}

// States of a replica.
const (
	ReplicaUsed    = "used"    // read from
	ReplicaBehind  = "behind"  // by more than it may be
	ReplicaGone    = "gone"    // does not answer, or has not been looked at yet
	ReplicaForeign = "foreign" // does not follow the primary: promoted, or of another cluster
)

// ReplicaStates are all states that there are.
var ReplicaStates = []string{ReplicaUsed, ReplicaBehind, ReplicaGone, ReplicaForeign}

// unknownLag is that of a replica which does not answer, or does not follow the primary.
const unknownLag = -1

// Replicas tells how the replicas stand, in the order in which they were given, and how many reads that replicas might have
// answered were sent to the primary.
func (r *Router) Replicas() (list []Replica, atPrimary int64) {
	for _, s := range r.replicas {
		list = append(list, Replica{Name: s.name, State: s.state(), Lag: time.Duration(s.lag.Load()),
			Reads: s.reads.Load(), Moved: s.moved.Load(), Passed: s.passed.Load()})
	}
	return list, r.primary.reads.Load()
}

func (s *server) state() string {
	last := s.fitness.Load()
	switch {
	case s.fit.Load():
		return ReplicaUsed
	case last == nil, *last == away, *last == fit: // a read has failed since
		return ReplicaGone
	case *last == behind:
		return ReplicaBehind
	}
	return ReplicaForeign
}
