package config

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// Origins are taken as browsers send them: another spelling would never be met, and nobody would see why.
func TestOrigins(t *testing.T) {
	for given, want := range map[string][]string{
		"": nil, "*": {"*"}, "https://app.example.com": {"https://app.example.com"},
		"https://App.example.com, http://localhost:5173,,http://[::1]:8080": {"https://app.example.com", "http://localhost:5173", "http://[::1]:8080"},
		"https://xn--bcher-kva.example:8443":                                {"https://xn--bcher-kva.example:8443"},
	} {
		c, err := load(t, map[string]string{"CORS_ALLOWED_ORIGINS": given}, "")
		require.NoError(t, err)
		require.Equal(t, want, c.AllowedOrigins)
	}
	for _, wrong := range []string{
		"app.example.com", "https://app.example.com/", "https://app.example.com/a", "https://*.example.com", "https://app.example.com:443", "http://a:80",
		"https://u@a", "https://a?b", "https://a#", "ftp://a", "null", "https://", "https://a:", "https://a:0", "https://bücher.example", "//a",
	} {
		_, err := load(t, map[string]string{"CORS_ALLOWED_ORIGINS": "http://localhost:5173," + wrong}, "")
		problem := onlyProblem(t, err)
		require.Equal(t, []string{"CORS_ALLOWED_ORIGINS", strconv.Quote(wrong)}, []string{problem.Variable, problem.Given})
		require.Contains(t, problem.Allowed, "such as https://app.example.com")
	}
	_, err := load(t, map[string]string{"CORS_ALLOWED_ORIGINS": "https://a,*"}, "")
	require.ErrorContains(t, err, "given * and others")
}

// A certificate is nothing without its key.
func TestTLSTakesTwoFiles(t *testing.T) {
	c, err := load(t, map[string]string{"TLS_CERT_FILE": "a.pem"}, "TLS_KEY_FILE=b.pem\n")
	require.NoError(t, err)
	require.Equal(t, TLS{"a.pem", "b.pem"}, c.TLS)
	require.True(t, c.TLS.Enabled())
	for given, missing := range map[string]string{"TLS_CERT_FILE": "TLS_KEY_FILE", "TLS_KEY_FILE": "TLS_CERT_FILE"} {
		_, err := load(t, map[string]string{given: "a.pem"}, "")
		problem := onlyProblem(t, err)
		require.Equal(t, []string{missing, nothing}, []string{problem.Variable, problem.Given})
		require.Contains(t, problem.Allowed, given)
	}
}
