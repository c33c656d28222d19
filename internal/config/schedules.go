package config

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// scheduleOff is the schedule of a source that is not to be run on a schedule.
const scheduleOff = "off"

const scheduleRule = "cron of 5 fields in UTC (*/5 * * * *), @hourly, @daily, @weekly, @monthly, @yearly, or off"

// schedule checks a cron. Replicas must name a slot alike without asking each other, so what has
// no fixed slots (@every) or another time zone is refused.
func (r *reader) schedule(variable, value string) string {
	if value == scheduleOff {
		return value
	}
	var plan *cron.SpecSchedule
	if !strings.HasPrefix(value, "TZ=") && !strings.HasPrefix(value, "CRON_TZ=") {
		parsed, _ := cron.ParseStandard(value)
		plan, _ = parsed.(*cron.SpecSchedule)
	}
	switch {
	case plan == nil:
		r.refuse(variable, strconv.Quote(value), scheduleRule)
		return ""
	case !fires(plan):
		r.refuse(variable, strconv.Quote(value)+", which never comes", scheduleRule)
		return ""
	}
	return value
}

// fires tells whether the plan ever does: the library looks five years ahead, and 2000 is a leap year.
func fires(plan *cron.SpecSchedule) bool {
	return !plan.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero()
}

// ownSchedules reads the schedules of single sources, by source, and refuses those of no source.
func (r *reader) ownSchedules(f Flags, dotEnv map[string]string) map[string]string {
	variables, given := f.ownSchedules()
	schedules := map[string]string{}
	for _, variable := range variables {
		if value, ok := given[variable]; ok {
			source := strings.ToLower(strings.TrimPrefix(variable, ownSchedule))
			schedules[source] = r.schedule(variable, value)
		}
	}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, ownSchedule) {
			given[name] = value
		}
	}
	for name, value := range dotEnv {
		if _, set := given[name]; !set && strings.HasPrefix(name, ownSchedule) {
			given[name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if given[name] != "" && !slices.Contains(variables, name) {
			r.refuse(name, strconv.Quote(given[name]), "one of "+strings.Join(variables, ", "))
		}
	}
	return schedules
}
