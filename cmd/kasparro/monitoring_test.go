package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

const monitoring = "../../.github/monitoring"

// promtool runs it in the folder of alerts and dashboard.
func promtool(t *testing.T, stdin io.Reader, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), prometheusTool(t, "promtool"), args...)
	cmd.Dir, cmd.Stdin = monitoring, stdin
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func prometheusTool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	require.NoError(t, err, "alerts and dashboard are tried with Prometheus: run `make prometheus`")
	return path
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	promtool(t, nil, "check", "config", "prometheus.yml") // and the rules that it names
	promtool(t, nil, "test", "rules", "alerts_test.yml", "alerts_month_test.yml")
	rules, err := os.ReadFile(filepath.Join(monitoring, "alerts.yml"))
	require.NoError(t, err)
	tests, err := os.ReadFile(filepath.Join(monitoring, "alerts_test.yml"))
	require.NoError(t, err)
	for _, alert := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(string(rules), -1) {
		require.Regexp(t, `alertname: `+alert[1]+`\n\s+exp_alerts:`, string(tests), "nothing shows that %s is ever raised", alert[1])
		require.Contains(t, string(tests), "alertname: "+alert[1]+"}", "nothing shows that %s is ever silent", alert[1])
	}
}

// expressions are all of the dashboard's, and those of alerts.
func expressions(t *testing.T) (shown, raised []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(monitoring, "dashboard.json"))
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	require.NoError(t, json.Unmarshal(text, &dashboard))
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			shown = append(shown, strings.ReplaceAll(target.Expr, "$__rate_interval", "1m"))
		}
	}
	rules, err := os.ReadFile(filepath.Join(monitoring, "alerts.yml"))
	require.NoError(t, err)
	for _, expression := range regexp.MustCompile(`expr: (?:\|\n)?((?:.+\n)+?)\s+(?:for|labels):`).FindAllStringSubmatch(string(rules), -1) {
		raised = append(raised, expression[1])
	}
	require.Len(t, raised, strings.Count(string(rules), "- alert:"))
	return shown, raised
}

func TestEveryMetricThatIsShownIsThere(t *testing.T) {
	t.Parallel()
	s := observe(t)
	shown, raised := expressions(t)
	require.Greater(t, len(shown), 40)
	s.awaitAll(shown)
	named := regexp.MustCompile(`\b(?:kasparro_\w+|go_\w+|process_\w+|up\b)`)
	for _, expression := range append(shown, raised...) {
		_, wrong := s.result(expression)
		require.Empty(t, wrong, expression)
		for _, name := range named.FindAllString(expression, -1) {
			if strings.HasPrefix(name, "kasparro_tls_") { // only where there is a certificate: TestWhatAStrangerSees
				continue
			}
			values, _ := s.result(name)
			require.NotEmpty(t, values, "%s, in %s", name, expression)
		}
	}
	var rules struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, State string }
			}
		}
	}
	s.read("/api/v1/rules", &rules)
	require.Len(t, rules.Data.Groups[0].Rules, len(raised))
	for _, rule := range rules.Data.Groups[0].Rules {
		require.Equal(t, "ok", rule.Health, rule.Name)
		require.NotEqual(t, "firing", rule.State, rule.Name)
	}
	res, err := http.Get(s.metrics)
	require.NoError(t, err)
	defer res.Body.Close()
	promtool(t, res.Body, "check", "metrics")
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr)
}
