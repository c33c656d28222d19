package main

import (
	"bytes"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/server/servertest"
	"github.com/kasparro/kasparro/internal/simulator"
)

// guides are the guide to deployment and its chapters.
var guides = []string{"../../.github/DEPLOY.md", "../../.github/deploy/BACKUP.md", "../../.github/deploy/SCALE.md"}

// elsewhere are the blocks of the guide that no test runs, by how they begin, with the reason.
var elsewhere = map[string]string{
	"make backup":   "internal/deploy runs it, on an engine and without one",
	"make restore":  "internal/deploy runs it, on an engine and without one",
	"make rehearse": "internal/deploy runs it, on an engine and without one",
	"15 3 * * *":    "it needs a night; internal/deploy runs make backup",
	"install -m 644 .github/deploy/kasparro-backup": "it changes the machine; TestUnits checks the timer",
	"group=$(aws ec2":                        "it needs an account of AWS",
	"apt-get update && apt-get install -y d": "it changes the machine; `make up` is run by internal/deploy, on an engine and without one",
	"echo TRUSTED_PROXIES":                   "internal/deploy runs it, on an engine",
	"kasparro() { docker compose":            "internal/deploy runs it, on an engine",
	"kasparro() {\n  systemd-run":            "it needs systemd; TestUnits holds it to the units",
	"services:":                              "internal/deploy runs it, on an engine",
	"export PGPASSWORD=":                     "it changes a machine; by hand it was run on one with Debian, as were the two below",
	"apt-get update && apt-get install -y postgresql && systemctl stop": "it needs a second machine",
	"apt-get install -y pgbouncer":                                      "it changes the machine; TestThroughAPooler runs PgBouncer with the file",
	"apt-get update && apt-get install -y postgresql\n":                 "it changes the machine",
	"install -m 755 bin/kasparro":                                       "it changes the machine; TestUnits checks the unit",
	"apt-get install -y caddy":                                          "it changes the machine; TestHTTPSByCaddy runs Caddy with the file",
	"make images":                                                       "internal/deploy runs it, on an engine, with clients that ask all the while",
	"-- Citus":                                                          "neither is there; a test of internal/postgres holds the table above it against the schema",
	"install -m 644 .github/deploy/kasparro-ingest":                     "it changes the machine; TestUnits checks the timer and the drop-in",
	"journalctl":                                                        "it needs a journal; TestUnits checks that the log goes there",
}

// block is what stands between fences: its language, whether it is marked to be run, and its text.
type block struct{ language, mark, text string }

func blocks(t *testing.T) (all []block) {
	t.Helper()
	fences := 0
	for _, guide := range guides {
		text, err := os.ReadFile(guide)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile("(?ms)^```(\\w+)(?: (\\w+))?\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
			all = append(all, block{m[1], m[2], m[3]})
		}
		fences += strings.Count(string(text), "\n```")
	}
	require.Equal(t, fences, 2*len(all), "every fence has a language")
	return all
}

// Every block of the guide is run by TestTheGuideRuns, or it is known why not; and every reason has its block.
func TestNoBlockOfTheGuideGoesUnrun(t *testing.T) {
	excused := map[string]bool{}
	for _, b := range blocks(t) {
		if b.mark != "" {
			continue
		}
		found := 0
		for begin := range elsewhere {
			if strings.HasPrefix(b.text, begin) {
				excused[begin] = true
				found++
			}
		}
		require.Equal(t, 1, found, "nobody runs this, and no reason is given: %s", b.text)
		if b.language == "sh" { // at least it is one
			out, err := exec.CommandContext(t.Context(), "bash", "-n", "-c", b.text).CombinedOutput()
			require.NoError(t, err, "%s", out)
		}
	}
	require.Len(t, excused, len(elsewhere), "a reason without its block")
}

// What the guide links to is there, and so is what it has make do.
func TestWhatTheGuideNamesIsThere(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	require.NoError(t, err)
	for _, guide := range guides {
		text, err := os.ReadFile(guide)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`\]\(([^)#]*)(?:#([^)]+))?\)`).FindAllStringSubmatch(string(text), -1) {
			_, err := os.Stat(filepath.Join(filepath.Dir(guide), m[1]))
			require.NoError(t, err, m[0])
			if m[2] != "" {
				require.Contains(t, strings.ToLower(strings.ReplaceAll(string(text), " ", "-")), "\n##-"+m[2]+"\n")
			}
		}
		for _, m := range regexp.MustCompile("(?m)(?:`|^|&& )make ([a-z][a-z-]*)").FindAllStringSubmatch(string(text), -1) {
			if m[1] != "backup" && m[1] != "restore" { // which have tests of their own
				require.Regexp(t, `(?m)^`+m[1]+`:`, string(makefile), m[0])
			}
		}
	}
}

// The commands of the guide are given to a shell as they stand, beside a service behind Caddy.
func TestTheGuideRuns(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(simulator.New(simulator.Options{Seed: 7, Coins: 20}))
	t.Cleanup(upstream.Close)
	database, port := postgrestest.EmptyURL(t), servertest.FreePort(t)
	env := append(away(t), "DATABASE_URL="+database, "PORT="+port, "METRICS_PORT=0", "TRUSTED_PROXIES=127.0.0.1,::1",
		"COINGECKO_BASE_URL="+upstream.URL+"/coingecko/api/v3", "COINPAPRIKA_BASE_URL="+upstream.URL+"/coinpaprika/v1")
	s := &apiOnly{program: launch(t, t.TempDir(), env, "serve", "--no-scheduler")}
	metrics := s.served("metrics")
	f := newFront(t, "127.0.0.1:"+port)
	env = append(env, "DOMAIN="+strings.TrimPrefix(f.base, "https://"), "CURL_CA_BUNDLE="+f.root, "PATH="+binaryDir+":"+os.Getenv("PATH"), "HOME="+t.TempDir())
	said := map[string]string{}
	for _, b := range blocks(t) {
		switch {
		case b.mark == "run" && b.language == "sh":
			cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", strings.ReplaceAll(b.text, "127.0.0.1:9100", metrics))
			var errs bytes.Buffer
			cmd.Env, cmd.Dir, cmd.Stderr = env, t.TempDir(), &errs
			out, err := cmd.Output()
			require.NoError(t, err, "%s%s%s", b.text, out, &errs)
			said[strings.SplitN(b.text, "\n", 2)[0]] = string(out)
		case b.mark == "run" && b.language == "sql":
			_, err := postgrestest.Open(t, database).ExecContext(t.Context(), b.text)
			require.NoError(t, err, b.text)
		case b.mark == "prometheus":
			config := filepath.Join(t.TempDir(), "prometheus.yml")
			before, err := os.ReadFile(filepath.Join(monitoring, "prometheus.yml"))
			require.NoError(t, err)
			rules, err := filepath.Abs(filepath.Join(monitoring, "alerts.yml"))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(config, []byte(strings.ReplaceAll(string(before)+"\n"+b.text, "- alerts.yml", "- "+rules)), 0o600))
			promtool(t, nil, "check", "config", "--syntax-only", config)
		case b.mark != "":
			require.Fail(t, "nobody knows how to run this", b.text)
		}
	}
	require.Len(t, said, 5)
	require.Contains(t, said["DOMAIN=${DOMAIN:-api.example.com}"], `"status":"healthy"`)
	require.Contains(t, said["DOMAIN=${DOMAIN:-api.example.com}"], `"total_records":`)
	require.Contains(t, said["kasparro migrate status"], "applied  0001_market")
	require.Contains(t, said["kasparro migrate down"], "taken back ")
	require.Contains(t, said["kasparro ingest --json csv"], `"status":"succeeded"`)
}

// guideBlock is the text of the only block that begins so.
func guideBlock(t *testing.T, begin string) (text string) {
	t.Helper()
	for _, b := range blocks(t) {
		if strings.HasPrefix(b.text, begin) {
			require.Empty(t, text, "two begin with %s", begin)
			text = b.text
		}
	}
	require.NotEmpty(t, text, begin)
	return text
}

// Docker gives networks of 172.16.0.0/12 first, and then of 192.168.0.0/16: the proxy is believed in any.
func TestTheGuideTrustsDockersNetworks(t *testing.T) {
	_, list, found := strings.Cut(strings.TrimSuffix(guideBlock(t, "echo TRUSTED_PROXIES"), " >>.env\n"), "=")
	require.True(t, found)
	for _, gateway := range []string{"172.17.0.1", "172.31.0.1", "192.168.0.1", "192.168.240.1"} {
		require.True(t, slices.ContainsFunc(strings.Split(list, ","), func(network string) bool {
			return netip.MustParsePrefix(network).Contains(netip.MustParseAddr(gateway))
		}), gateway)
	}
}
