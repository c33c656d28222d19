package simulator

import (
	"math"
	"time"
)

// walk is a seeded random walk that can be asked for any moment without
// having been walked up to it: the sum of smooth noises of many periods, each
// as strong as the square root of its period, as in a real random walk.
type walk uint64

const (
	shortestPeriod = 60.0 // seconds
	periods        = 11   // each four times the one before: a minute to two years
	secondsPerDay  = 86400.0
)

// derive returns the walk of one purpose, independent of all others.
func (w walk) derive(purpose uint64) walk {
	return walk(scramble(uint64(w) ^ scramble(purpose)))
}

// at is the walk's height, with increments of about one a day.
func (w walk) at(t time.Time) float64 {
	sum, period := 0.0, shortestPeriod
	for k := range uint64(periods) {
		sum += w.derive(k).noise(t, period) * math.Sqrt(period/secondsPerDay)
		period *= 4
	}
	return sum
}

// noise is a smooth curve between -1 and 1 that turns about once a period
// (in seconds).
func (w walk) noise(t time.Time, period float64) float64 {
	position := float64(t.UnixMilli()) / 1000 / period
	knot := math.Floor(position)
	f := position - knot
	from, to := w.knot(int64(knot)), w.knot(int64(knot)+1)
	return from + (to-from)*f*f*(3-2*f)
}

func (w walk) knot(i int64) float64 { return 2*w.fraction(uint64(i)) - 1 }

// fraction is the i-th of a stream of even numbers in [0, 1).
func (w walk) fraction(i uint64) float64 {
	return float64(scramble(uint64(w)+i*0x9e3779b97f4a7c15)>>11) / (1 << 53)
}

// scramble spreads every bit of x over the whole word.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
