package coingecko

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachKeyGoesIntoItsHeader(t *testing.T) {
	cases := []struct{ base, header string }{
		{"", "X-Cg-Demo-Api-Key"},
		{"https://api.coingecko.com/api/v3", "X-Cg-Demo-Api-Key"},
		{"https://pro-api.coingecko.com/api/v3/", "X-Cg-Pro-Api-Key"},
		{"https://pro-api.coingecko.com.example.org/api/v3", "X-Cg-Demo-Api-Key"},
	}
	for _, c := range cases {
		s := New(Options{BaseURL: c.base, APIKey: "secret"})
		require.Len(t, s.header, 1, c.base)
		require.Equal(t, "secret", s.header.Get(c.header), c.base)
	}
	require.Equal(t, "https://api.coingecko.com/api/v3", New(Options{}).opts.BaseURL)
	require.Empty(t, New(Options{}).header)
}
