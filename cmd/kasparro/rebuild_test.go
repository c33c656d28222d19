package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// A rebuild that is told to stop finishes the batch in hand and says how to go on; that call does the rest.
func TestARebuildIsStoppedAndGoneOnWith(t *testing.T) {
	t.Parallel()
	const rows = 5000
	dir, url := t.TempDir(), postgrestest.URL(t)
	var csv strings.Builder
	csv.WriteString("Date,Open,High,Low,Close,Volume\n")
	for i := range rows {
		at := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i)
		fmt.Fprintf(&csv, "%s,1,3,1,%d,5\n", at.Format(time.DateOnly), i+1)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bitcoin.csv"), []byte(csv.String()), 0o600))
	env := []string{"DATABASE_URL=" + url, "CSV_PATH=" + filepath.Join(dir, "bitcoin.csv")}
	code, _, stderr := finish(t, dir, env, "ingest", "csv")
	require.Zero(t, code, stderr)
	db := postgrestest.Open(t, url)
	var before, after []string
	dump := "SELECT (to_jsonb(r) - 'ingested_at')::text FROM records r ORDER BY observed_at"
	require.NoError(t, db.NewRaw(dump).Scan(t.Context(), &before))
	require.Len(t, before, rows)
	_, err := db.ExecContext(t.Context(), "TRUNCATE records, latest_records")
	require.NoError(t, err)

	// The first batch is held up until the program has been told to stop.
	held, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = held.ExecContext(t.Context(), "LOCK TABLE records IN SHARE MODE")
	require.NoError(t, err)
	p := launch(t, dir, env, "rebuild", "csv", "--json")
	require.Eventually(t, func() bool {
		var waiting bool
		err := db.NewRaw(`SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
			AND application_name = 'kasparro rebuild' AND wait_event_type = 'Lock')`).Scan(t.Context(), &waiting)
		return err == nil && waiting
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, held.Rollback())
	var r rebuildReport
	require.NoError(t, json.Unmarshal([]byte(<-p.lines), &r))
	require.Zero(t, p.wait(), p.stderr)
	require.Equal(t, "stopped", r.Status)
	require.Positive(t, r.Payloads)
	require.Less(t, r.Payloads, int64(rows))
	require.Contains(t, p.stderr.String(), "stopped; this goes on from there: kasparro rebuild csv\n")

	code, stdout, stderr := finish(t, dir, env, "rebuild", "csv")
	require.Zero(t, code, stderr)
	require.Regexp(t, `(?m)^SOURCE +STATUS +PAYLOADS +CHANGED +REJECTED +TOOK$`, stdout)
	require.Regexp(t, `(?m)^csv +done +5000 +5000 +0 +`, stdout)
	require.NoError(t, db.NewRaw(dump).Scan(t.Context(), &after))
	require.Equal(t, before, after)

	code, stdout, stderr = finish(t, dir, env, "rebuild", "--json")
	require.Zero(t, code, stderr)
	require.Len(t, strings.Split(strings.TrimSpace(stdout), "\n"), 3, "all sources, also those that were never read")
	code, _, stderr = finish(t, dir, env, "rebuild", "nobody")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, `"nobody" is none`)
}

func TestTheEndOfARebuild(t *testing.T) {
	done, stopped, failed := rebuildReport{Source: "a", Status: "done"}, rebuildReport{Source: "b", Status: "stopped"},
		rebuildReport{Source: "c", Status: "failed", Error: "no"}
	require.NoError(t, rebuildVerdict([]rebuildReport{done, stopped}))
	require.ErrorIs(t, rebuildVerdict([]rebuildReport{done, failed}), errPartial)
	require.EqualError(t, rebuildVerdict([]rebuildReport{failed}), "1 of 1 sources failed")
	require.Equal(t, "b b", unfinished([]rebuildReport{stopped, done, stopped, failed}))
}
