package config

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTrustedProxies(t *testing.T) {
	for given, want := range map[string]string{
		"": "[]", "10.1.2.3": "[10.1.2.3/32]", "10.1.2.3/8, fd00::/8,::1,": "[10.0.0.0/8 fd00::/8 ::1/128]",
	} {
		c, err := load(t, map[string]string{"TRUSTED_PROXIES": given}, "")
		require.NoError(t, err)
		require.Equal(t, want, fmt.Sprint(c.TrustedProxies))
	}
	for _, wrong := range []string{"proxy", "10.0.0.0/33", "10.0.0.1:80", "*"} {
		_, err := load(t, map[string]string{"TRUSTED_PROXIES": "::1," + wrong}, "")
		require.ErrorIs(t, err, ErrInvalid)
		require.ErrorContains(t, err, "TRUSTED_PROXIES: given \""+wrong+"\"")
	}
}
