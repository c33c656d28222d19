package postgres

import (
	"sort"
	"time"
)

// sightings are versions that the primary was seen at, each with the last time that it was, oldest first.
type sightings []sighting

type sighting struct {
	version int64
	until   time.Time
}

// add notes that the primary was at a version. Marks that are older than keep are forgotten.
func (m *sightings) add(version int64, at time.Time, keep time.Duration) {
	list := *m
	for len(list) > 0 && list[len(list)-1].version >= version { // more than one only where it was restored to an older state
		list = list[:len(list)-1]
	}
	list = append(list, sighting{version, at})
	for len(list) > 1 && at.Sub(list[0].until) > keep {
		list = list[1:]
	}
	*m = list
}

// lag is how long before the last sighting whoever has a version had all that was committed, and false where that was
// before all of them.
func (m sightings) lag(version int64) (time.Duration, bool) {
	next := sort.Search(len(m), func(i int) bool { return m[i].version > version })
	if next == 0 {
		return 0, false
	}
	return m[len(m)-1].until.Sub(m[next-1].until), true
}

// atLeast is the lag of whoever has a version, and that of the oldest mark where it is more than can be told.
func (m sightings) atLeast(version int64) time.Duration {
	lag, known := m.lag(version)
	if !known && len(m) > 0 {
		return m[len(m)-1].until.Sub(m[0].until)
	}
	return lag
}
