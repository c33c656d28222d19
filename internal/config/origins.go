package config

import (
	"net/url"
	"strconv"
	"strings"
)

const originRule = "origins as browsers send them, such as https://app.example.com or http://localhost:5173, separated by commas: " +
	"a scheme and a host, a port where it is not the scheme's own, and no path, not even a slash; or * alone, for every site"

// origins reads whose pages may ask: exact ones, or "*" alone.
func (r *reader) origins(variable, value string) (list []string) {
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.ToLower(strings.TrimSpace(part)); part == "" {
			continue
		}
		if part != "*" && !isOrigin(part) {
			r.refuse(variable, strconv.Quote(part), originRule)
			return nil
		}
		list = append(list, part)
	}
	if len(list) > 1 && strings.Contains(value, "*") {
		r.refuse(variable, "* and others", originRule)
		return nil
	}
	return list
}

// isOrigin tells whether a browser would name an origin so: another spelling of it would never be met.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !portFits(u.Port()) {
		return false
	}
	own := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	host := strings.Trim(u.Hostname(), "[]")
	ascii := !strings.ContainsFunc(host, func(c rune) bool { return c <= ' ' || c > '~' || c == '*' })
	return host != "" && ascii && u.Port() != own && text == u.Scheme+"://"+u.Host && !strings.HasSuffix(u.Host, ":")
}
