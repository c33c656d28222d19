package rest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// mostNames is how many names a list in a query may hold.
const mostNames = 100

// checkQuery refuses what the library would read past: a query that does not parse, a parameter
// given twice, and text that no database column can hold.
func checkQuery(api huma.API, ctx huma.Context, next func(huma.Context)) {
	u := ctx.URL()
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		_ = huma.WriteErr(api, ctx, http.StatusUnprocessableEntity, "the query string is malformed: "+err.Error())
		return
	}
	var errs []error
	for name, values := range q {
		if len(values) > 1 && !isList(ctx.Operation(), name) {
			errs = append(errs, wrong(name, values, "may be given only once"))
		}
		if !slices.ContainsFunc(append(values, name), isUnprintable) {
			continue
		}
		errs = append(errs, wrong(strings.ToValidUTF8(name, "?"), nil, "holds a control character or is no valid UTF-8"))
	}
	if len(errs) > 0 {
		_ = huma.WriteErr(api, ctx, http.StatusUnprocessableEntity, "", errs...)
		return
	}
	next(ctx)
}

func isList(op *huma.Operation, name string) bool {
	return slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool {
		return p.Name == name && p.Explode != nil && *p.Explode
	})
}

func isUnprintable(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl)
}

// names reads a list that is separated by commas, given more than once, or both. It is sorted
// and without doubles, so that the same list in another order makes the same cursors. Nothing
// given is nil.
func names(q url.Values, name string) ([]string, error) {
	var all []string
	for _, value := range q[name] {
		if value == "" {
			continue
		}
		for part := range strings.SplitSeq(value, ",") {
			part = strings.TrimSpace(part)
			if part == "" {
				return nil, wrong(name, value, "holds an empty name: separate names by one comma")
			}
			all = append(all, part)
		}
	}
	if len(all) > mostNames {
		return nil, wrong(name, len(all), fmt.Sprintf("holds too many names: at most %d are allowed", mostNames))
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// instant reads a time or a date, which stands for its first moment in UTC. Empty is nil.
func instant(name, value string) (*time.Time, error) {
	if value == "" {
		return nil, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil && storable(t) {
			t = t.UTC()
			return &t, nil
		}
	}
	return nil, wrong(name, value, "expected a time like 2026-01-31T12:00:00Z or a date like 2026-01-31, "+
		"of the years 1 to 9999 (write + as %2B)")
}

// storable tells whether the database and JSON both have the instant.
func storable(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 1 && year <= 9999
}
