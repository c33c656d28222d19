package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/backup"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// remade is a backup whose manifest says something else, with the right sum over it.
func remade(t *testing.T, good []byte, change func(*manifest)) []byte {
	t.Helper()
	text, _, err := backup.Read(bytes.NewReader(good), io.Discard)
	require.NoError(t, err)
	var m manifest
	require.NoError(t, json.Unmarshal(text, &m))
	change(&m)
	changed, err := json.Marshal(m)
	require.NoError(t, err)
	var to bytes.Buffer
	w := backup.NewWriter(&to)
	_, err = w.Write(good[:bytes.LastIndex(good, text)])
	require.NoError(t, err)
	_, err = w.Finish(changed)
	require.NoError(t, err)
	return to.Bytes()
}

// wrong are backups that are none, made of a good one, each with what is said of it.
func wrong(t *testing.T, good []byte) map[string]wrongBackup {
	t.Helper()
	damaged := bytes.Clone(good)
	damaged[len(damaged)/2] ^= 1
	return map[string]wrongBackup{
		"truncated.dump": {good[:len(good)-20], "its end is missing: it was cut off"},
		"half.dump":      {good[:len(good)/2], "its end is missing: it was cut off"},
		"damaged.dump":   {damaged, "it is damaged"},
		"text.dump":      {[]byte("CREATE TABLE x;"), "this is no backup"},
		"empty.dump":     {nil, "this is no backup"},
		"newer.dump":     {remade(t, good, func(m *manifest) { m.Contents.Migrations = append(m.Contents.Migrations, "9999") }), "a schema that this one does not know (migrations [9999])"},
		"other.dump": {remade(t, good, func(m *manifest) {
			m.Contents.Tables["public.records"], m.Contents.Tables["public.assets"] = postgres.TableSum{Rows: 1}, postgres.TableSum{Checksum: "1"}
		}), "table public.assets has 0 rows as it should, but not the same (checksum 0 instead of 1); table public.records has 0 rows instead of 1. Nothing was changed"},
	}
}

type wrongBackup struct {
	text []byte
	want string
}

// What is no whole backup of a schema that is known changes nothing, and is told apart.
func TestWrongBackupsAreRefused(t *testing.T) {
	t.Parallel()
	url, dir := postgrestest.URL(t), t.TempDir()
	env := []string{"DATABASE_URL=" + withPassword(url)}
	succeed(t, dir, env, "backup", "good.dump")
	good, err := os.ReadFile(filepath.Join(dir, "good.dump"))
	require.NoError(t, err)
	code, _, stderr := finish(t, dir, env, "backup", "good.dump")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "good.dump is there already, and no backup is ever overwritten")
	before := contentsOf(t, url)

	for name, c := range wrong(t, good) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), c.text, 0o600))
		code, stdout, stderr := finish(t, dir, env, "restore", name)
		require.Equal(t, exitFailed, code, name)
		require.Empty(t, stdout, name)
		require.Contains(t, stderr, name+": ")
		require.Contains(t, stderr, c.want)
		require.NotContains(t, stderr, "p@ss")
	}
	code, _, stderr = finish(t, dir, env, "restore", "nowhere.dump")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "nowhere.dump: no such file")
	for _, args := range [][]string{{"restore"}, {"restore", "good.dump", "--drop", "x"}} {
		require.Equal(t, exitUsage, first(finish(t, dir, env, args...)))
	}
	require.Empty(t, before.Differences(contentsOf(t, url)))
	require.Equal(t, "0", askSQL(t, url, "SELECT count(*)::text FROM pg_database WHERE starts_with(datname, ? || '_')", databaseOf(t, url)))
}

// A backup that fails leaves no file, and an empty database none either.
func TestFailedBackupsLeaveNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for url, want := range map[string]string{
		"":                       "there is nothing to back up: no PostgreSQL is embedded in /",
		postgrestest.EmptyURL(t): "there is nothing to back up",
		"postgres://kasparro:" + oddPassword + "@127.0.0.1:1/kasparro": "connection refused",
	} {
		code, stdout, stderr := finish(t, dir, []string{"DATABASE_URL=" + url, "DATA_DIR=data"}, "backup", "sub/x.dump")
		require.Equal(t, exitFailed, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, want)
		require.NotContains(t, stderr, "p@ss")
	}
	left, err := filepath.Glob(filepath.Join(dir, "sub", "*"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoDirExists(t, filepath.Join(dir, "data"), "a backup starts no database that was not there")
}
