package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/simulator"
)

// chromium is what distributions and their makers call the browser.
var chromium = []string{"chromium", "google-chrome", "google-chrome-stable", "chromium-browser"}

// pageSaw is a line of a script that uses a page, of one kind each.
type pageSaw struct {
	Trouble string

	Menu    []string
	Example string
	First   string // text of the answer, which showed
	Answer  json.RawMessage

	Listens, Heard string

	Tried  string
	Status int
	Shown  string
}

// browse has a script use a page, in a browser that reaches nothing but the service.
func (s *apiOnly) browse(script string) *program {
	s.t.Helper()
	dir, err := clients()
	require.NoError(s.t, err)
	for _, name := range chromium {
		if path, err := exec.LookPath(name); err == nil {
			env := []string{"URL=" + s.base + "/graphql", "API_KEY=" + testKey, "CHROMIUM=" + path}
			return start(s.t, dir, env, exec.Command("node", script))
		}
	}
	require.Fail(s.t, "the pages need Chromium: run `make chromium`")
	return nil
}

// nextSight is the next line of a script; there is none where it has ended.
func nextSight(p *program) (saw pageSaw, more bool) {
	p.t.Helper()
	line, more := <-p.lines
	if more {
		saw = sight(p, line)
	}
	return saw, more
}

// sight reads a line of a script. Nothing may go wrong in a page.
func sight(p *program, line string) pageSaw {
	p.t.Helper()
	saw := told[pageSaw](p, line)
	require.Empty(p.t, saw.Trouble)
	return saw
}

func TestPlaygroundInABrowser(t *testing.T) {
	t.Parallel()
	s := serveSources(t)
	p := s.browse("playground.mjs")
	menu, _ := nextSight(p)
	require.Len(t, menu.Menu, 6, p.stderr)
	for _, title := range menu.Menu[:5] {
		saw, _ := nextSight(p)
		require.Equal(t, title, saw.Example, p.stderr)
		var answer struct{ Data, Errors json.RawMessage }
		require.NoError(t, json.Unmarshal(saw.Answer, &answer))
		require.Empty(t, answer.Errors, "%s: %s", title, answer.Errors)
		require.NotEmpty(t, saw.First, "%s shows nothing: %s", title, answer.Data)
	}
	live, _ := nextSight(p)
	require.Equal(t, strings.Replace(s.base, "http", "ws", 1)+"/graphql", live.Listens, p.stderr)
	heard := s.runUntilTold(p).Heard
	require.Contains(t, heard, `"etlRunChanged"`)
	require.Contains(t, heard, `"source": "csv"`)
	_, more := nextSight(p)
	require.False(t, more)
	require.Zero(t, p.wait(), p.stderr)
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr)
}

// runUntilTold runs a source until the script tells of it: nothing else shows that its subscription has begun.
func (s *apiOnly) runUntilTold(p *program) pageSaw {
	s.t.Helper()
	for {
		select {
		case line, more := <-p.lines:
			require.True(s.t, more, "the script ended: %s", p.stderr)
			return sight(p, line)
		default:
			s.ingest("csv")
		}
	}
}

// serveSources serves what two sources say, and a file that says today's prices a twentieth higher than they do.
func serveSources(t *testing.T) *apiOnly {
	t.Helper()
	upstream := httptest.NewServer(simulator.New(simulator.Options{Seed: 7, Coins: 20}))
	t.Cleanup(upstream.Close)
	file := filepath.Join(t.TempDir(), "prices.csv")
	s := serveAPIOnly(t, "CSV_PATH="+file, "COINGECKO_BASE_URL="+upstream.URL+"/coingecko/api/v3", "COINGECKO_PAGES=1",
		"COINPAPRIKA_BASE_URL="+upstream.URL+"/coinpaprika/v1", "CONSENSUS_MAX_AGE=48h")
	s.ingest(gecko)
	s.ingest("coinpaprika")
	today := time.Now().UTC().Format(time.DateOnly)
	rows := "Symbol,Name,Date,Close\n"
	assets := query(t, s.base, testKey, `{ assets(first: 5) { nodes { symbol name consensus { priceUsd } } } }`)["assets"].(map[string]any)
	for _, node := range assets["nodes"].([]any) {
		asset := node.(map[string]any)
		price := decimal.RequireFromString(asset["consensus"].(map[string]any)["priceUsd"].(string))
		rows += fmt.Sprintf("%s,%s,%s,%s\n", asset["symbol"], asset["name"], today, price.Mul(decimal.New(105, -2)))
	}
	require.NoError(t, os.WriteFile(file, []byte(rows), 0o600))
	s.ingest("csv")
	return s
}

func TestDocsInABrowser(t *testing.T) {
	t.Parallel()
	s := serveSources(t)
	p := s.browse("docs.mjs")
	for _, want := range []struct{ path, shown string }{{"/stats", `"total_records": `}, {"/data", `"entity_name": `}} {
		saw, _ := nextSight(p)
		require.Equal(t, want.path, saw.Tried, p.stderr)
		require.Equal(t, 200, saw.Status)
		require.Contains(t, saw.Shown, want.shown)
	}
	_, more := nextSight(p)
	require.False(t, more)
	require.Zero(t, p.wait(), p.stderr)
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr)
}
