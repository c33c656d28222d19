package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// contentsOf reads a database whole.
func contentsOf(t *testing.T, db *bun.DB) postgres.Contents {
	t.Helper()
	s, err := postgres.TakeSnapshot(t.Context(), db)
	require.NoError(t, err)
	c, err := s.Contents(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Close())
	return c
}

func do(t *testing.T, db *bun.DB, statement string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement)
	require.NoError(t, err, statement)
}

// oddRows has something of every kind that settings of a session show otherwise.
const oddRows = `
CREATE TABLE odd (i bigint, f double precision, at timestamptz, d date, ago interval, b bytea, n numeric, j jsonb, a text[]);
INSERT INTO odd SELECT i, i / 3.0::double precision, now() + i * interval '1 day', date '2026-01-02' + i, i * interval '1 hour 1 day', decode('00ff', 'hex'), i * 1.10, jsonb_build_object('i', i), ARRAY['x', NULL, i::text]
	FROM generate_series(1, 100) i`

// A checksum is that of the rows, whatever the session is set to and in whatever order they lie.
func TestChecksumsAreOfRowsAlone(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, url)
	do(t, db, oddRows)
	want := contentsOf(t, db)
	require.EqualValues(t, 100, want.Tables["public.odd"].Rows)

	var name string
	require.NoError(t, db.NewRaw("SELECT current_database()").Scan(t.Context(), &name))
	for setting, value := range map[string]string{"TimeZone": "Asia/Tokyo", "DateStyle": "German", "IntervalStyle": "iso_8601", "bytea_output": "escape", "extra_float_digits": "-10", "search_path": "public"} {
		do(t, db, fmt.Sprintf("ALTER DATABASE %s SET %s = '%s'", name, setting, value))
	}
	do(t, db, "CREATE TABLE other AS SELECT * FROM odd ORDER BY i DESC; TRUNCATE odd; INSERT INTO odd SELECT * FROM other; DROP TABLE other")
	got := contentsOf(t, postgrestest.Open(t, url))
	require.Empty(t, want.Differences(got))
	require.Equal(t, "Asia/Tokyo", got.Settings["TimeZone"])
	do(t, db, "UPDATE odd SET n = 1.1 WHERE i = 1") // 1.10 before: the same number, and not the same digits
	require.Equal(t, []string{"public.odd"}, tablesIn(want.Differences(contentsOf(t, db))))
}

// tablesIn are the names in lines on tables.
func tablesIn(lines []string) (names []string) {
	for _, l := range lines {
		if rest, ok := strings.CutPrefix(l, "table "); ok {
			names = append(names, strings.Fields(rest)[0])
		}
	}
	return names
}

// Whatever is not as it was is found, and named.
func TestDifferencesAreNamed(t *testing.T) {
	t.Parallel()
	changes := map[string]string{
		"UPDATE assets SET name = 'Bitcoim' WHERE slug = 'bitcoin'":                 "table public.assets has 2 rows as it should, but not the same (checksum ",
		"UPDATE sources SET kind = CASE kind WHEN 'api' THEN 'file' ELSE 'api' END": "table public.sources has 2 rows as it should, but not the same (checksum ",
		"DELETE FROM upstream_allowances":                                           "table public.upstream_allowances has 0 rows instead of 1",
		"DROP TABLE rebuilds":                                                       "table public.rebuilds is missing",
		"CREATE TABLE more (i int)":                                                 "table public.more is too much",
		"DROP INDEX records_time_idx":                                               "index public.records_time_idx is missing",
		"ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only":               `trigger public.audit_log.audit_log_append_only is "D CREATE TRIGGER`,
		"CREATE OR REPLACE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'": "function public.audit_log_is_append_only() is ",
		"ALTER TABLE etl_runs DROP CONSTRAINT etl_runs_status_check":                                                         "constraint public.etl_runs.etl_runs_status_check is missing",
		"ALTER TABLE listings ALTER pinned DROP DEFAULT":                                                                     `column public.listings.pinned is "boolean NOT NULL" instead of "boolean NOT NULL false"`,
		"ALTER TABLE data_version RESET (fillfactor)":                                                                        "relation public.data_version is ",
		"SELECT setval('assets_id_seq', 1)":                                                                                  "sequence public.assets_id_seq is at 1 and not yet at 7",
		"DROP EXTENSION pg_trgm CASCADE":                                                                                     "extension pg_trgm is missing",
		"CREATE VIEW seen AS SELECT 1":                                                                                       "relation public.seen is too much",
		"DELETE FROM bun_migrations WHERE name = '0011'":                                                                     "table public.bun_migrations has 10 rows instead of 11",
	}
	db := postgrestest.New(t)
	do(t, db, `INSERT INTO assets (slug, symbol, name) VALUES ('bitcoin', 'BTC', 'Bitcoin'), ('ethereum', 'ETH', 'Ethereum'); SELECT setval('assets_id_seq', 7);
		INSERT INTO sources VALUES (1, 'a', 'api'), (2, 'b', 'file'); INSERT INTO upstream_allowances VALUES ('c', now(), now(), 1)`)
	before := contentsOf(t, db)
	require.Empty(t, before.Differences(contentsOf(t, db)))
	for change := range changes {
		do(t, db, change)
	}
	found := before.Differences(contentsOf(t, db))
	for change, want := range changes {
		require.True(t, slices.ContainsFunc(found, func(line string) bool { return strings.HasPrefix(line, want) }), "%s: %q is not in %q", change, want, found)
	}
	require.Equal(t, []string{"public.assets", "public.bun_migrations", "public.rebuilds", "public.sources", "public.upstream_allowances", "public.more"}, tablesIn(found))
}

// A snapshot stands still while others write, and it is the same for whoever asks by its ID. Nobody waits for it.
func TestSnapshotIsOneMoment(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	do(t, db, "INSERT INTO audit_log (actor, action, target) SELECT 'a', 'b', i::text FROM generate_series(1, 10) i; GRANT SELECT ON records TO pg_monitor")
	s, err := postgres.TakeSnapshot(t.Context(), db)
	require.NoError(t, err)
	do(t, db, "INSERT INTO audit_log (actor, action, target) VALUES ('a', 'b', 'c'); CREATE TABLE later (i int); ALTER TABLE records SET (fillfactor = 90)")
	_, err = db.ExecContext(t.Context(), "SET lock_timeout = '50ms'; DROP TABLE raw_kept")
	require.ErrorContains(t, err, "lock timeout", "what is not read yet cannot go")
	c, err := s.Contents(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 10, c.Tables["public.audit_log"].Rows)
	require.Equal(t, []string{"0001", "0002", "0003"}, c.Migrations[:3])
	require.Equal(t, []string{"pg_monitor"}, c.Grantees)
	require.NotContains(t, c.Tables, "public.later")
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.Exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '" + s.ID + "'")
	require.NoError(t, err)
	var rows int
	require.NoError(t, tx.NewRaw("SELECT count(*) FROM audit_log").Scan(t.Context(), &rows))
	require.Equal(t, 10, rows)
	require.NoError(t, tx.Rollback())
	require.NoError(t, s.Close())
}
