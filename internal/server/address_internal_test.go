package server

import (
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhereARequestComesFrom(t *testing.T) {
	ours := proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, c := range map[string]struct {
		trusted proxies
		peer    string
		said    []string
		want    string
	}{
		"nobody is trusted":           {nil, "10.0.0.1:5", []string{"192.0.2.1"}, "10.0.0.1"},
		"a stranger is not":           {ours, "198.51.100.1:5", []string{"192.0.2.1"}, "198.51.100.1"},
		"a proxy is":                  {ours, "10.0.0.1:5", []string{"192.0.2.1"}, "192.0.2.1"},
		"it says nothing":             {ours, "10.0.0.1:5", nil, "10.0.0.1"},
		"what a client made up":       {ours, "10.0.0.1:5", []string{"203.0.113.9, 192.0.2.1"}, "192.0.2.1"},
		"in two lines":                {ours, "10.0.0.1:5", []string{"203.0.113.9", "192.0.2.1"}, "192.0.2.1"},
		"two proxies":                 {ours, "10.0.0.1:5", []string{"203.0.113.9, 192.0.2.1, 10.9.9.9"}, "192.0.2.1"},
		"proxies all the way":         {ours, "10.0.0.1:5", []string{"10.3.3.3,10.2.2.2"}, "10.3.3.3"},
		"what is no address ends it":  {ours, "10.0.0.1:5", []string{"192.0.2.1, unknown"}, "10.0.0.1"},
		"an address with a port":      {ours, "10.0.0.1:5", []string{"203.0.113.9:1, 192.0.2.1:80"}, "192.0.2.1"},
		"a proxy with a port":         {ours, "10.0.0.1:5", []string{"192.0.2.1, 10.9.9.9:80"}, "192.0.2.1"},
		"IPv6 with a port":            {ours, "10.0.0.1:5", []string{"[2001:db8::1]:80"}, "2001:db8::1"},
		"a port of no number":         {ours, "10.0.0.1:5", []string{"192.0.2.1:http"}, "10.0.0.1"},
		"IPv6":                        {ours, "[fd00::1%eth0]:5", []string{"2001:db8::1"}, "2001:db8::1"},
		"IPv4 in IPv6":                {ours, "[::ffff:10.0.0.1]:5", []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		"a socket of the file system": {ours, "@", []string{"192.0.2.1"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = c.peer
			for _, line := range c.said {
				r.Header.Add("X-Forwarded-For", line)
			}
			require.Equal(t, c.want, shown(c.trusted.origin(r)))
		})
	}
}
