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
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/simulator"
)

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
	env, standby := away(t), postgrestest.NewStandby(t)
	s := &observed{apiOnly: &apiOnly{program: launch(t, t.TempDir(), append(env, "DATABASE_REPLICA_URLS="+standby.URL(strings.TrimPrefix(env[0], "DATABASE_URL=")), "ADMIN_API_KEY="+testAdminKey, "METRICS_PORT=0",
		"COINGECKO_BASE_URL="+upstream.URL+"/coingecko/api/v3", "COINGECKO_PAGES=1", "COINGECKO_MONTHLY_REQUESTS=10000",
		"COINGECKO_REQUESTS_PER_SECOND=100", "COINPAPRIKA_BASE_URL="+upstream.URL+"/coinpaprika/v1"), "serve")}}
	address := s.served("metrics")
	s.base, s.metrics = "http://"+s.served("address"), "http://"+address+"/metrics"

	dir := t.TempDir()
	settings, err := os.ReadFile(filepath.Join(monitoring, "prometheus.yml"))
	require.NoError(t, err)
	alerts, err := filepath.Abs(filepath.Join(monitoring, "alerts.yml"))
	require.NoError(t, err)
	require.Contains(t, string(settings), "names: [kasparro], type: A, port: 9100")
	// No name server is asked for an address: it is a target as it is.
	here := strings.NewReplacer("dns_sd_configs:", "static_configs:", "{names: [kasparro], type: A, port: 9100, refresh_interval: 15s}",
		`targets: ["`+address+`"]`, "15s", "1s", "- alerts.yml", "- "+alerts).Replace(string(settings))
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
