package simulator

import (
	"fmt"
	"sync/atomic"
	"time"
)

// maxAdvance keeps simulated time where dates still have four digits.
const maxAdvance = 100 * 365 * day

// clock is the simulated time: that of the real clock, moved forward.
type clock struct {
	real  func() time.Time
	ahead atomic.Int64 // nanoseconds
}

// now is in UTC.
func (c *clock) now() time.Time {
	return c.real().Round(0).Add(time.Duration(c.ahead.Load())).UTC()
}

// advance moves the clock forward by a positive duration.
func (c *clock) advance(by time.Duration) error {
	if by <= 0 || time.Duration(c.ahead.Load()) > maxAdvance-by {
		return fmt.Errorf("advance: %v is not allowed; expected a positive duration, at most %v in all", by, maxAdvance)
	}
	c.ahead.Add(int64(by))
	return nil
}
