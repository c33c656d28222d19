package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/simulator"
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
	promtool(t, nil, "test", "rules", "alerts_test.yml")
	rules, err := os.ReadFile(filepath.Join(monitoring, "alerts.yml"))
	require.NoError(t, err)
	tests, err := os.ReadFile(filepath.Join(monitoring, "alerts_test.yml"))
	require.NoError(t, err)
	for _, alert := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(string(rules), -1) {
		require.Regexp(t, `alertname: `+alert[1]+`\n\s+exp_alerts:`, string(tests), "nothing shows that %s is ever raised", alert[1])
		require.Contains(t, string(tests), "alertname: "+alert[1]+"}", "nothing shows that %s is ever silent", alert[1])
	}
}

// observed is a service that Prometheus reads every second.
type observed struct {
	*apiOnly
	metrics    string // URL of its metrics
	prometheus string // base URL of Prometheus
}

func observe(t *testing.T) *observed {
	t.Helper()
	upstream := httptest.NewServer(simulator.New(simulator.Options{Seed: 7, Coins: 20}))
	t.Cleanup(upstream.Close)
	s := &observed{apiOnly: &apiOnly{program: launch(t, t.TempDir(), append(away(t), "ADMIN_API_KEY="+testAdminKey, "METRICS_PORT=0",
		"COINGECKO_BASE_URL="+upstream.URL+"/coingecko/api/v3", "COINGECKO_PAGES=1", "COINGECKO_MONTHLY_REQUESTS=10000",
		"COINGECKO_REQUESTS_PER_SECOND=100", "COINPAPRIKA_BASE_URL="+upstream.URL+"/coinpaprika/v1"), "serve")}}
	address := s.served("metrics")
	s.base, s.metrics = "http://"+s.served("address"), "http://"+address+"/metrics"

	dir := t.TempDir()
	settings, err := os.ReadFile(filepath.Join(monitoring, "prometheus.yml"))
	require.NoError(t, err)
	alerts, err := filepath.Abs(filepath.Join(monitoring, "alerts.yml"))
	require.NoError(t, err)
	here := strings.NewReplacer("kasparro:9100", address, "15s", "1s", "- alerts.yml", "- "+alerts).Replace(string(settings))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(here), 0o600))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	s.prometheus = "http://" + l.Addr().String()
	start(t, dir, nil, exec.Command(prometheusTool(t, "prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address="+l.Addr().String()))
	return s
}

// served is where the program says that it serves something, once it does.
func (p *program) served(what string) (address string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		for line := range strings.Lines(p.stderr.String()) {
			var entry map[string]any
			if json.Unmarshal([]byte(line), &entry) == nil && entry["msg"] == "serving" {
				address, _ = entry[what].(string)
				return true
			}
		}
		return false
	}, time.Minute, 50*time.Millisecond, "%s", p.stderr)
	require.NotEmpty(p.t, address, "%s", p.stderr)
	return address
}

// awaitAll has things happen until each expression has had a value.
func (s *observed) awaitAll(expressions []string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { // the runs of the start
		return len(successes(get(s.t, s.base+"/health", ""))) == 3
	}, 2*time.Minute, 100*time.Millisecond, "%s", s.stderr)
	silent, late := slices.Clone(expressions), time.After(2*time.Minute)
	for tick := time.Tick(time.Second); len(silent) > 0; {
		select {
		case <-late:
			require.Fail(s.t, "without a value", strings.Join(silent, "\n"))
		case <-tick:
			s.ask()
			silent = slices.DeleteFunc(silent, func(expression string) bool {
				values, _ := s.result(expression)
				return len(values) > 0
			})
		}
	}
}

// successes are the sources that have succeeded.
func successes(health map[string]any) (names []string) {
	sources, _ := health["sources"].([]any)
	for _, s := range sources {
		if s := s.(map[string]any); s["last_success_at"] != nil {
			names = append(names, s["source"].(string))
		}
	}
	return names
}

// ask has something happen that metrics count.
func (s *observed) ask() {
	s.ingest(gecko)
	query(s.t, s.base, testKey, `query Busy { assets(first: 3) { nodes { slug latest { source priceUsd } } } health { status } }`)
	get(s.t, s.base+"/data?limit=1", testKey)
	get(s.t, s.base+"/stats", "")
}

// result is what Prometheus answers to an expression: values, without those that are none.
func (s *observed) result(expression string) (values []string, wrong string) {
	s.t.Helper()
	var answer struct {
		Error string
		Data  struct{ Result []struct{ Value []any } }
	}
	s.read("/api/v1/query?query="+url.QueryEscape(expression), &answer)
	for _, series := range answer.Data.Result {
		if value := series.Value[1].(string); value != "NaN" {
			values = append(values, value)
		}
	}
	return values, answer.Error
}

// read reads what Prometheus says; there is nothing as long as it is not there.
func (s *observed) read(path string, into any) {
	s.t.Helper()
	res, err := http.Get(s.prometheus + path)
	if err != nil {
		return
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	_ = json.Unmarshal(text, into) // it begins with a text that asks for patience
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
