package coinpaprika

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKeyAndBase(t *testing.T) {
	cases := []struct{ name, key, base, want string }{
		{"the free API", "", "", "https://api.coinpaprika.com/v1"},
		{"the paid API", "secret", "", "https://api-pro.coinpaprika.com/v1"},
		{"a base of one's own", "secret", "http://localhost:1/v1/", "http://localhost:1/v1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := New(Options{APIKey: c.key, BaseURL: c.base})
			require.Equal(t, c.want, s.opts.BaseURL)
			require.Equal(t, c.key, s.header.Get("Authorization"))
		})
	}
}
