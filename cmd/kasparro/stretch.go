package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/source"
)

// stretch is the part of history that is asked for; the zero value asks for the present.
type stretch struct {
	From   instant  `placeholder:"TIME" group:"History" help:"Get history from this day or instant on (2024-01-31, or RFC 3339; UTC), in place of the present. Run again, the same command goes on where it was cut off."`
	To     instant  `placeholder:"TIME" group:"History" help:"Where history ends, the instant itself not included; the last full hour if not given."`
	Assets []string `name:"asset" placeholder:"SLUG" group:"History" help:"An asset to get the history of, or a source's own id; may be given several times. All that the source lists if not given."`
}

// instant is a time on the command line.
type instant struct{ time.Time }

// UnmarshalText reads a day or RFC 3339. Seconds are the finest.
func (i *instant) UnmarshalText(text []byte) error {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, string(text)); err == nil {
			i.Time = at.UTC().Truncate(time.Second)
			return nil
		}
	}
	return fmt.Errorf("%q is no time: a day such as 2024-01-31 is needed, or RFC 3339 such as 2024-01-31T12:00:00Z", text)
}

// check finds what is wrong about the flags together, and leaves of the sources those that have a history.
func (s stretch) check(picked []source.Source, byName bool, now time.Time) ([]source.Source, error) {
	if s.From.IsZero() {
		if s.To.IsZero() && len(s.Assets) == 0 {
			return picked, nil
		}
		return nil, usageError{"--from: it is needed with --to and --asset, and says where history begins: --from 2024-01-31, say"}
	}
	switch end := s.orFullHour(now); {
	case end.After(now):
		return nil, usageError{fmt.Sprintf("--to: %s lies ahead: leave it out to get all up to now", end.Format(time.RFC3339))}
	case !s.From.Before(end):
		return nil, usageError{fmt.Sprintf("--from: %s does not lie before the end, %s", s.From.Format(time.RFC3339), end.Format(time.RFC3339))}
	}
	var able []source.Source
	for _, src := range picked {
		if _, ok := src.(source.Historian); ok {
			able = append(able, src)
		} else if byName {
			return nil, usageError{fmt.Sprintf("SOURCE: %q cannot be asked for history: leave out --from, it is read as a whole anyway", src.Name())}
		}
	}
	return able, nil
}

func (s stretch) orFullHour(now time.Time) time.Time {
	if s.To.IsZero() {
		return now.UTC().Truncate(time.Hour)
	}
	return s.To.Time
}

// streamBegin is how the stream of a stretch begins that begins then.
func streamBegin(from time.Time) string { return "history " + from.Format(time.RFC3339) + "/" }

// together names coins in one short text.
func together(ids []string) string {
	const most = 80
	if text := strings.Join(ids, ","); len(text) <= most && text != "all" {
		return text
	}
	sum := sha256.Sum256([]byte(strings.Join(ids, "\n")))
	return fmt.Sprintf("%d coins %x", len(ids), sum[:6])
}
