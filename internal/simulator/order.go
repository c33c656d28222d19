package simulator

import (
	"fmt"
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
	Delay      string            `json:"delay"` // of slow; 2s if not given
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
	if o.Kind == "slow" && o.Delay == "" {
		o.Delay = "2s"
	}
	for _, check := range []func() error{o.checkWhat, o.checkHow, o.checkSchema} {
		if err := check(); err != nil {
			return Fault{}, err
		}
	}
	return Fault{
		Upstream: o.Upstream, Path: o.Path, Kind: o.Kind, Times: *o.Times, After: o.After,
		RetryAfter: o.RetryAfter, Delay: o.Delay, Rename: o.Rename, Remove: o.Remove, Retype: o.Retype,
	}, nil
}

func (o *faultOrder) checkWhat() error {
	upstreams := []string{coingecko{}.name(), coinpaprika{}.name()}
	if !slices.Contains(upstreams, o.Upstream) {
		return fmt.Errorf("upstream: %q is not allowed; allowed: %s", o.Upstream, words(upstreams))
	}
	if !slices.Contains(faultKinds, o.Kind) {
		return fmt.Errorf("kind: %q is not allowed; allowed: %s", o.Kind, words(faultKinds))
	}
	if _, err := path.Match(o.Path, ""); err != nil || (o.Path != "" && o.Path[0] != '/') {
		return fmt.Errorf(`path: %q is not allowed; expected a path below the API's base such as /coins/markets, `+
			`with * for one segment`, o.Path)
	}
	return nil
}

func (o *faultOrder) checkHow() error {
	if *o.Times < 1 {
		return fmt.Errorf("times: %d is not allowed; expected 1 or more", *o.Times)
	}
	if o.After < 0 {
		return fmt.Errorf("after: %d is not allowed; expected 0 or more", o.After)
	}
	if o.RetryAfter != "" && !strings.HasPrefix(o.Kind, "rate_limit") {
		return fmt.Errorf("retry_after: %q goes with the kinds rate_limit, rate_limit_html and rate_limit_in_200 only", o.RetryAfter)
	}
	if strings.ContainsFunc(o.RetryAfter, unicode.IsControl) {
		return fmt.Errorf("retry_after: %q cannot be sent in a header; expected seconds or a date", o.RetryAfter)
	}
	if o.Delay == "" {
		return nil
	}
	if d, err := time.ParseDuration(o.Delay); o.Kind != "slow" || err != nil || d < 0 {
		return fmt.Errorf(`delay: %q is not allowed; expected a duration such as "2s", with the kind slow`, o.Delay)
	}
	return nil
}

func (o *faultOrder) checkSchema() error {
	changes := len(o.Rename) + len(o.Remove) + len(o.Retype)
	if o.Kind != "schema" {
		if changes > 0 {
			return fmt.Errorf("rename, remove, retype: go with the kind schema only, not with %s", o.Kind)
		}
		return nil
	}
	if changes == 0 {
		return fmt.Errorf("rename, remove, retype: the kind schema needs at least one of them")
	}
	for field, kind := range o.Retype {
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
