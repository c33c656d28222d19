package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// Where there is no terminal, each tick gives a line with what was done, how fast, and how long it will take.
func TestTheLogTellsHowFarARebuildIs(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	nowhere, err := os.Create(t.TempDir() + "/stderr")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, nowhere.Close()) })
	g := newGauge(nowhere, slog.New(slog.NewJSONHandler(&out, nil)), func() time.Time { return now })
	tick := make(chan time.Time)
	tickOnce := func() {
		stop := g.start(tick)
		tick <- now
		stop()
	}
	tickOnce() // between sources there is nothing to tell
	g.begin("coingecko", 10_000)
	g.batch(market.Rebuild{Payloads: 4000, Changed: 1}) // of a call before
	now = now.Add(10 * time.Second)
	g.batch(market.Rebuild{Payloads: 6000, Changed: 7, Rejected: 2})
	tickOnce()
	now = now.Add(10 * time.Second)
	tickOnce()
	g.end()
	tickOnce()

	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	require.Len(t, lines, 2)
	var line map[string]any
	require.NoError(t, json.Unmarshal(lines[0], &line))
	delete(line, "time")
	require.Equal(t, map[string]any{
		"level": "INFO", "msg": "rebuild goes on", "source": "coingecko", "payloads": 6000.0, "of_about": 10_000.0, "changed": 7.0,
		"rejected": 2.0, "elapsed": "10s", "per_second": 200.0, "left": "20s",
	}, line)
	require.NoError(t, json.Unmarshal(lines[1], &line))
	require.Equal(t, "20s", line["elapsed"])
	require.Equal(t, "40s", line["left"])
}

// A bar that counted what calls before have done would show a rate that nobody reaches.
func TestTheBarOfARebuildCountsFromWhereItWasResumed(t *testing.T) {
	terminal, err := os.Create(t.TempDir() + "/terminal")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, terminal.Close()) })
	g := &gauge{terminal: terminal, log: slog.New(slog.DiscardHandler), now: time.Now}
	g.begin("coingecko", 10_000)
	g.batch(market.Rebuild{Payloads: 4000})
	require.Zero(t, g.bar.State().CurrentNum)
	g.batch(market.Rebuild{Payloads: 5500})
	so := g.bar.State()
	require.EqualValues(t, 1500, so.CurrentNum)
	require.EqualValues(t, 6000, so.Max)
	require.Equal(t, "rebuilding the rest of coingecko, behind 4000 payloads", so.Description)
	g.end()
	g.begin("csv", 10)
	g.batch(market.Rebuild{})
	g.batch(market.Rebuild{Payloads: 5})
	require.InDelta(t, 0.5, g.bar.State().CurrentPercent, 1e-9)
	g.end()
}
