package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// reader reads values and gathers what is wrong with them. Its methods return a zero value where
// they had to refuse.
type reader struct{ problems []Problem }

func (r *reader) refuse(variable, given, allowed string) {
	r.problems = append(r.problems, Problem{Variable: variable, Given: given, Allowed: allowed})
}

func (r *reader) number(variable, value string, lowest, highest int) int {
	n, err := strconv.Atoi(value)
	if err != nil || n < lowest || n > highest {
		r.refuse(variable, strconv.Quote(value), fmt.Sprintf("a whole number from %d to %d", lowest, highest))
		return 0
	}
	return n
}

func (r *reader) duration(variable, value string, lowest, highest time.Duration) time.Duration {
	d, err := time.ParseDuration(value)
	if err != nil || d < lowest || d > highest {
		r.refuse(variable, strconv.Quote(value), fmt.Sprintf("a time from %v to %v, such as 90m or 24h", short(lowest), short(highest)))
		return 0
	}
	return d
}

// short writes a duration without what is zero at its end: 24h, not 24h0m0s.
func short(d time.Duration) string {
	text := d.String()
	if rest, whole := strings.CutSuffix(text, "m0s"); whole {
		text = rest + "m"
	}
	if rest, whole := strings.CutSuffix(text, "h0m"); whole {
		text = rest + "h"
	}
	return text
}

// decimal is a plain number: what else a float may look like (1e3, 0x1p-2, Inf) is nothing to set.
var decimal = regexp.MustCompile(`^[0-9]*\.?[0-9]+$`)

// rate reads how many times a second something may happen.
func (r *reader) rate(variable, value string) float64 {
	const lowest, highest = 0.001, 1000
	n, err := strconv.ParseFloat(value, 64)
	if !decimal.MatchString(value) || err != nil || n < lowest || n > highest {
		r.refuse(variable, strconv.Quote(value), fmt.Sprintf("a number from %v to %v, such as 0.5", lowest, highest))
		return 0
	}
	return n
}

func (r *reader) oneOf(variable, value string, allowed ...string) string {
	if slices.Contains(allowed, value) {
		return value
	}
	words := slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "" })
	last := len(words) - 1
	r.refuse(variable, strconv.Quote(value), strings.Join(words[:last], ", ")+" or "+words[last])
	return ""
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?$`)

func (r *reader) host(variable, value string) string {
	if _, err := netip.ParseAddr(value); err != nil && !hostName.MatchString(value) {
		r.refuse(variable, strconv.Quote(value), "an IP address or a host name, without a port")
		return ""
	}
	return value
}

// networks reads addresses and networks, separated by commas.
func (r *reader) networks(variable, value string) (list []netip.Prefix) {
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		network, err := netip.ParsePrefix(part)
		if address, plain := netip.ParseAddr(part); plain == nil {
			network, err = address.WithZone("").Prefix(address.BitLen())
		}
		if err != nil {
			r.refuse(variable, strconv.Quote(part), "IP addresses or networks, such as 10.0.0.0/8, separated by commas")
			return nil
		}
		list = append(list, network.Masked())
	}
	return list
}

const keyRule = "visible ASCII characters only"

// key reads a secret that travels in an HTTP header. An empty value is no key, and allowed.
func (r *reader) key(variable, value string) Secret {
	if strings.ContainsFunc(value, func(c rune) bool { return c <= ' ' || c > '~' }) {
		r.refuse(variable, "one with other characters or spaces (not shown)", keyRule)
		return ""
	}
	return Secret(value)
}

// baseURL reads the address of an API. User names and queries are refused, as a key could hide in them.
func (r *reader) baseURL(variable, value string) string {
	u, err := url.Parse(value)
	plain := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
		u.User == nil && u.RawQuery == "" && u.Fragment == "" && !u.ForceQuery && portFits(u.Port())
	if !plain {
		r.refuse(variable, schemeOnly(value), "an http:// or https:// URL with host and path, and no user, query or fragment")
		return ""
	}
	return strings.TrimRight(value, "/")
}

// hasHost tells whether a URL is of this host.
func hasHost(address, host string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.EqualFold(u.Hostname(), host)
}

// portFits tells whether a port, of which a URL only guarantees digits, is one or is not given.
func portFits(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

var scheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://`)

// schemeOnly describes a URL that may hold a password anywhere behind its scheme.
func schemeOnly(value string) string {
	if start := scheme.FindString(value); start != "" {
		return start + hidden + " (the rest is not shown)"
	}
	return "something else (not shown)"
}

func (r *reader) glob(variable, value string) string {
	if _, err := filepath.Match(value, ""); err != nil {
		r.refuse(variable, strconv.Quote(value), `a file, a directory or a glob in which every "[" is closed`)
		return ""
	}
	return value
}

func (r *reader) directory(variable, value string) string {
	path, err := filepath.Abs(value)
	if err != nil {
		r.refuse(variable, strconv.Quote(value), "an absolute path, as the working directory is gone: "+err.Error())
	}
	return path
}
