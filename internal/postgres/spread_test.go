package postgres_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// spread is what the guide to deployment says of a table that would live on several machines.
var spread = regexp.MustCompile("(?m)^\\| (`[^|]*`) \\| ([^|]+) \\| ([^|]+) \\|$")

// readSpread reads the guide's table: by what column each table is distributed, which are copied everywhere, and hypertables.
func readSpread(t *testing.T) (distributed map[string]string, reference []string, hyper map[string]string) {
	t.Helper()
	guide, err := os.ReadFile("../../.github/deploy/SCALE.md")
	require.NoError(t, err)
	distributed, hyper = map[string]string{}, map[string]string{}
	column := func(text string) string {
		return regexp.MustCompile("by `(\\w+)`").FindStringSubmatch(text + "by ``")[1]
	}
	for _, row := range spread.FindAllStringSubmatch(string(guide), -1) {
		for _, table := range regexp.MustCompile(`\w+`).FindAllString(row[1], -1) {
			switch {
			case row[2] == "reference":
				reference = append(reference, table)
			case strings.HasPrefix(row[2], "by"):
				distributed[table] = column(row[2])
			}
			if strings.HasPrefix(row[3], "hypertable") {
				hyper[table] = column(row[3])
			}
		}
	}
	for table, by := range distributed {
		require.Contains(t, string(guide), "create_distributed_table('"+table+"', '"+by+"'")
	}
	for _, table := range reference {
		require.Contains(t, string(guide), "create_reference_table('"+table+"')")
	}
	for table, by := range hyper {
		require.Contains(t, string(guide), "create_hypertable('"+table+"', '"+by+"'")
	}
	return distributed, reference, hyper
}

// lines asks for a column of texts.
func lines(t *testing.T, db *bun.DB, query string, args ...any) (found []string) {
	t.Helper()
	require.NoError(t, db.NewRaw(query, args...).Scan(t.Context(), &found))
	return found
}

// What the guide spreads over machines can be: of a distributed table and of a hypertable every unique index holds the column that it goes
// by, none refers to another table or is referred to, and none has a trigger or a column that counts by itself. What is copied
// everywhere refers only to what is, too.
func TestTheSchemaCanBeSpread(t *testing.T) {
	db := postgrestest.New(t)
	distributed, reference, hyper := readSpread(t)
	require.Len(t, distributed, 4)
	require.Len(t, reference, 3)
	require.Len(t, hyper, 1)
	requireFree := func(table, by string) {
		t.Helper()
		require.NotEmpty(t, lines(t, db, "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = ?::regclass AND indisunique", table), table)
		require.Empty(t, lines(t, db, `SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = ?0::regclass AND indisunique AND NOT EXISTS (
			SELECT FROM pg_attribute WHERE attrelid = indrelid AND attname = ?1 AND attnum = ANY (indkey::smallint[]))`, table, by), "%s by %s", table, by)
		require.Empty(t, lines(t, db, "SELECT conname::text FROM pg_constraint WHERE contype IN ('f', 'x') AND (conrelid = ?0::regclass OR confrelid = ?0::regclass)", table), table)
		require.Empty(t, lines(t, db, "SELECT tgname::text FROM pg_trigger WHERE tgrelid = ?::regclass", table), table)
		require.Empty(t, lines(t, db, `SELECT attname::text FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
			WHERE attrelid = ?::regclass AND attnum > 0 AND (attidentity <> '' OR attgenerated <> '' OR pg_get_expr(adbin, adrelid) LIKE '%nextval%')`, table), table)
	}
	for table, by := range distributed {
		requireFree(table, by)
	}
	for table, by := range hyper {
		requireFree(table, by)
	}
	for _, table := range reference {
		for _, to := range lines(t, db, "SELECT confrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND conrelid = ?::regclass", table) {
			require.Contains(t, reference, to, table)
		}
		require.Empty(t, lines(t, db, "SELECT tgname::text FROM pg_trigger WHERE tgrelid = ?::regclass AND NOT tgisinternal", table), table)
	}
}

// statements that a table on several machines could not answer, or only by being fetched as a whole.
var unspreadable = map[string]*regexp.Regexp{
	"a lateral join":           regexp.MustCompile(`(?i)\bLATERAL\b`),
	"an outer join":            regexp.MustCompile(`(?i)\b(LEFT|RIGHT|FULL)( OUTER)? JOIN (records|latest_records|raw_records|raw_kept)\b`),
	"an anti-join":             regexp.MustCompile(`(?is)\bNOT (EXISTS|IN) ?\(\s*SELECT[^()]*\bFROM (records|latest_records|raw_records|raw_kept)\b`),
	"a change of the key":      regexp.MustCompile(`(?i)\bUPDATE (records|latest_records|raw_records|raw_kept)\b[^;]{0,40}\bSET\s+(listing_id|external_id)\s*=`),
	"a setting of the session": regexp.MustCompile("(?i)[\"`;]\\s*SET (SESSION |[a-z_]+ ?(=|TO ))"),
	"a lock of the session":    regexp.MustCompile(`\bpg_(try_)?advisory_(un)?lock(_shared)?\(`),
	"a prepared statement":     regexp.MustCompile("(?i)[\"`]PREPARE "),
}

// None of the statements in the files of this package needs what is not there on several machines, or through a pooler by transaction.
func TestNoStatementNeedsOneMachine(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	require.Greater(t, len(files), 50)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		if name == "exchange.go" { // a restore, which goes past any pooler
			continue
		}
		code := regexp.MustCompile(`(?m)^\s*//.*$|\s// .*$`).ReplaceAllString(string(text), "")
		for what, pattern := range unspreadable {
			require.Empty(t, pattern.FindString(code), "%s has %s", name, what)
		}
	}
	for what, sample := range map[string]string{
		"a lateral join": "JOIN LATERAL (", "an outer join": "stage s LEFT JOIN records r", "an anti-join": "WHERE NOT EXISTS (SELECT 1 FROM records r WHERE",
		"a change of the key": "UPDATE records r SET listing_id = 1", "a setting of the session": "\"SET statement_timeout = 1\"",
		"a lock of the session": "SELECT pg_advisory_lock(1)", "a prepared statement": "\"PREPARE x AS",
	} {
		require.Regexp(t, unspreadable[what], sample)
	}
}
