package simulator

import (
	"fmt"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
)

// faultOrder is the body of POST /control/faults.
type faultOrder struct {
	Upstream   string            `json:"upstream"`
	Path       string            `json:"path"`
	Kind       string            `json:"kind"`
	Times      *int              `json:"times"` // 1 if not given
	After      int               `json:"after"`
	RetryAfter string            `json:"retry_after"`
	Delay      string            `json:"delay"`
	Location   string            `json:"location"`
	Rows       int               `json:"rows"`
	Rename     map[string]string `json:"rename"`
	Remove     []string          `json:"remove"`
	Retype     map[string]string `json:"retype"`
}

// fault checks the order. Its errors name the field, what was given and what
// is allowed.
func (o *faultOrder) fault() (Fault, error) {
	if o.Times == nil {
		o.Times = new(1)
	}
	f := Fault{
		Upstream: o.Upstream, Path: o.Path, Kind: o.Kind, Times: *o.Times, After: o.After, RetryAfter: o.RetryAfter,
		Delay: o.Delay, Location: o.Location, Rows: o.Rows, Rename: o.Rename, Remove: o.Remove, Retype: o.Retype,
	}
	return f, f.check()
}

// check fills in what was left empty and finds what is not allowed.
func (f *Fault) check() error {
	for _, check := range []func() error{f.checkWhat, f.checkHow, f.checkDelay, f.checkRows, f.checkLocation, f.checkSchema} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fault) checkWhat() error {
	upstreams := []string{coingecko{}.name(), coinpaprika{}.name()}
	if !slices.Contains(upstreams, f.Upstream) {
		return fmt.Errorf("upstream: %q is not allowed; allowed: %s", f.Upstream, words(upstreams))
	}
	if _, ok := kindOfFault(f.Kind); !ok {
		return fmt.Errorf("kind: %q is not allowed; allowed: %s", f.Kind, words(faultNames()))
	}
	if (f.Kind == "endless" || f.Kind == "moved") && f.Upstream != (coingecko{}).name() {
		return fmt.Errorf("kind: %q goes with coingecko only; %s has no pages", f.Kind, f.Upstream)
	}
	if _, err := path.Match(f.Path, ""); err != nil || (f.Path != "" && f.Path[0] != '/') {
		return fmt.Errorf(`path: %q is not allowed; expected a path below the API's base such as /coins/markets, `+
			`with * for one segment`, f.Path)
	}
	return nil
}

func (f *Fault) checkHow() error {
	if f.Times < 1 {
		return fmt.Errorf("times: %d is not allowed; expected 1 or more", f.Times)
	}
	if f.After < 0 {
		return fmt.Errorf("after: %d is not allowed; expected 0 or more", f.After)
	}
	if f.RetryAfter != "" && !strings.HasPrefix(f.Kind, "rate_limit") && f.Kind != "error_503" {
		return fmt.Errorf("retry_after: %q goes with the kinds rate_limit, rate_limit_html, rate_limit_text, "+
			"rate_limit_in_200 and error_503 only", f.RetryAfter)
	}
	if strings.ContainsFunc(f.RetryAfter, unicode.IsControl) {
		return fmt.Errorf("retry_after: %q cannot be sent in a header; expected seconds or a date", f.RetryAfter)
	}
	return nil
}

func (f *Fault) checkDelay() error {
	usual := map[string]string{"slow": "2s", "trickle": "1s"}[f.Kind]
	if f.Delay == "" {
		f.Delay = usual
		return nil
	}
	if d, err := time.ParseDuration(f.Delay); usual == "" || err != nil || d <= 0 {
		return fmt.Errorf(`delay: %q is not allowed; expected a duration such as "2s", with the kinds slow and trickle`, f.Delay)
	}
	return nil
}

func (f *Fault) checkRows() error {
	switch {
	case f.Rows < everyRow, f.Rows != 0 && f.steps() != rewritten:
		return fmt.Errorf("rows: %d is not allowed; expected 1 or more, or -1 for all, with a kind that changes a value in rows", f.Rows)
	case f.Rows == 0 && f.Kind == "price_jump":
		f.Rows = everyRow
	case f.Rows == 0 && f.steps() == rewritten:
		f.Rows = 1
	}
	return nil
}

func (f *Fault) checkLocation() error {
	if f.Kind != "redirect" {
		if f.Location != "" {
			return fmt.Errorf("location: %q goes with the kind redirect only", f.Location)
		}
		return nil
	}
	if to, err := url.Parse(f.Location); err != nil || !to.IsAbs() || to.Host == "" {
		return fmt.Errorf("location: %q is not allowed; expected where the kind redirect leads to, such as http://127.0.0.1:8002/elsewhere", f.Location)
	}
	return nil
}

func (f *Fault) checkSchema() error {
	changes := len(f.Rename) + len(f.Remove) + len(f.Retype)
	if f.Kind != "schema" {
		if changes > 0 {
			return fmt.Errorf("rename, remove, retype: go with the kind schema only, not with %s", f.Kind)
		}
		return nil
	}
	if changes == 0 {
		return fmt.Errorf("rename, remove, retype: the kind schema needs at least one of them")
	}
	for field, kind := range f.Retype {
		if !slices.Contains(jsonTypes, kind) {
			return fmt.Errorf("retype.%s: %q is not allowed; allowed: %s", field, kind, words(jsonTypes))
		}
	}
	return nil
}

// fieldNames are the JSON names of the fields of what v points to.
func fieldNames(v any) []string {
	var names []string
	for field := range reflect.TypeOf(v).Elem().Fields() {
		names = append(names, field.Tag.Get("json"))
	}
	return names
}
