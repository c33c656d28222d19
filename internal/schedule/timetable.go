// Package schedule runs every source on its own cron, in UTC: a Timetable knows the slots, a
// Scheduler runs them. Which of many processes does the work of a slot is not decided here; they
// only name the slots alike, as a slot comes from the cron and never from the wall clock.
package schedule

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Timetable knows when sources are due. It is read only, and safe for concurrent use.
type Timetable struct{ plans map[string]plan }

// NewTimetable reads one cron a source: five fields or @hourly and its like. What has no slots
// that every process would name alike (@every, a time zone) or never comes is an error; the error
// names every source whose cron is wrong.
func NewTimetable(specs map[string]string) (Timetable, error) {
	var problems []error
	plans := make(map[string]plan, len(specs))
	for _, source := range slices.Sorted(maps.Keys(specs)) {
		p, err := parse(specs[source])
		if err != nil {
			problems = append(problems, fmt.Errorf("schedule of %s: %w", source, err))
		}
		plans[source] = p
	}
	if err := errors.Join(problems...); err != nil {
		return Timetable{}, err
	}
	return Timetable{plans: plans}, nil
}

// Slots returns the last slot of the source that is not after now and the first one that is, both
// in UTC, and false for a source that has no schedule.
func (t Timetable) Slots(source string, now time.Time) (previous, next time.Time, ok bool) {
	p, ok := t.plans[source]
	if !ok {
		return time.Time{}, time.Time{}, false
	}
	return p.previous(now), p.Next(now), true
}

// Count returns how many slots of the source come after from and not after to, 0 for a source that
// has no schedule.
func (t Timetable) Count(source string, from, to time.Time) int {
	p, ok := t.plans[source]
	if !ok {
		return 0
	}
	n := 0
	for at := p.Next(from); !at.IsZero() && !at.After(to); at = p.Next(at) {
		n++
	}
	return n
}

// plan is a cron that fires now and again for ever, on whole minutes.
type plan struct{ spec *cron.SpecSchedule }

// The library looks for a slot in the year it starts in and the five after it. No plan pauses for
// longer than twice that: 29 February, where a century leaves it out, comes after eight years.
const (
	searched = 6
	rarest   = 2 * searched
)

func parse(spec string) (plan, error) {
	// The library panics on a time zone with nothing behind it, so this comes first.
	if strings.HasPrefix(spec, "TZ=") || strings.HasPrefix(spec, "CRON_TZ=") {
		return plan{}, fmt.Errorf("cron %q: schedules are in UTC: leave the time zone out", spec)
	}
	parsed, err := cron.ParseStandard(spec)
	if err != nil {
		return plan{}, fmt.Errorf("cron %q: %w: five fields are needed, or @hourly, @daily and the like", spec, err)
	}
	fields, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return plan{}, fmt.Errorf("cron %q: it has no fixed slots: write */5 * * * * for every five minutes", spec)
	}
	p := plan{spec: fields}
	if p.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return plan{}, fmt.Errorf("cron %q: such a day never comes", spec)
	}
	return p, nil
}

// Next returns the first slot after t, in UTC. It is zero only for a plan that never fires.
func (p plan) Next(t time.Time) time.Time {
	t = t.UTC()
	for range rarest / searched {
		if next := p.spec.Next(t); !next.IsZero() {
			return next
		}
		t = time.Date(t.Year()+searched, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Nanosecond)
	}
	return time.Time{}
}

// previous returns the last slot that is not after now, in UTC. Next never goes back as its
// argument goes on, so the slot is found by halving: at most 24 steps, however far back it lies.
func (p plan) previous(now time.Time) time.Time {
	found, end := p.Next(now.AddDate(-rarest, 0, 0)), now.UTC() // a slot <= now; nothing fires in (end, now]
	for found.Before(end) {
		middle := found.Add((end.Sub(found) / 2).Truncate(time.Minute))
		if next := p.Next(middle); next.After(now) {
			end = middle
		} else {
			found = next
		}
	}
	return found
}

// IsValid lets gocron take the plan for its cron: it was checked when it was parsed.
func (p plan) IsValid(string, *time.Location, time.Time) error { return nil }
