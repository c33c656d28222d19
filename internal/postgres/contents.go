package postgres

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// Contents is what a database holds, in figures that can be compared after a restore.
type Contents struct {
	// Server is the major version of the server, 15 say.
	Server int
	// Migrations are the names of those that are applied, in order.
	Migrations []string
	// Tables are by name, with the schema before it; each partition is one.
	Tables map[string]TableSum
	// Sequences are the last values that were drawn, by name, 0 for none. They belong to no snapshot: a dump that is
	// begun later has the same or later ones.
	Sequences map[string]int64
	// Objects are the definitions of everything else, by kind and name: columns, constraints, indexes, triggers and so on.
	Objects map[string]string
	// Settings are those of the database, which no dump of a single one has.
	Settings map[string]string
	// Grantees are the roles, but for the owners, that were given a right to anything.
	Grantees []string
}

// TableSum stands for the rows of a table, in whatever order they are.
type TableSum struct {
	Rows     int64
	Checksum string // the sum of a 64-bit hash of every row, in decimals
}

// Rows counts those of all tables.
func (c Contents) Rows() (all int64) {
	for _, t := range c.Tables {
		all += t.Rows
	}
	return all
}

// ours tells of a namespace n that it is not the server's.
const ours = ` n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' `

// listTables lists tables with rows of their own, but for those that come with an extension.
const listTables = `SELECT c.oid::regclass::text AS name, '' AS value FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND` + ours + `
	WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND NOT EXISTS (
		SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') ORDER BY 1`

const (
	listMigrations = `SELECT name, '' AS value FROM public.bun_migrations ORDER BY name`
	listSettings   = `SELECT split_part(s, '=', 1) AS name, substr(s, strpos(s, '=') + 1) AS value
		FROM pg_db_role_setting r, unnest(r.setconfig) s WHERE r.setrole = 0 AND r.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`
	listGrantees = `SELECT DISTINCT a.grantee::regrole::text AS name, '' AS value FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND` + ours + `
		CROSS JOIN aclexplode(c.relacl) a WHERE a.grantee NOT IN (0, c.relowner) ORDER BY 1`
	listSequences = `SELECT format('%I.%I', schemaname, sequencename) AS name, coalesce(last_value, 0) AS value FROM pg_sequences`
)

// readCatalogue reads everything but the rows, of which the tables stay empty.
func readCatalogue(ctx context.Context, db bun.IDB) (Contents, error) {
	c := Contents{Tables: map[string]TableSum{}, Sequences: map[string]int64{}, Objects: map[string]string{}, Settings: map[string]string{}}
	if err := db.NewRaw("SELECT current_setting('server_version_num')::int / 10000").Scan(ctx, &c.Server); err != nil {
		return c, fmt.Errorf("read the version of the server: %w", unavailable(err))
	}
	var migrated bool
	if err := db.NewRaw("SELECT to_regclass('public.bun_migrations') IS NOT NULL").Scan(ctx, &migrated); err != nil {
		return c, fmt.Errorf("look for the schema: %w", unavailable(err))
	}
	lists := []struct {
		query string
		take  func(name, value string)
	}{
		{listTables, func(name, _ string) { c.Tables[name] = TableSum{} }},
		{listObjects, func(name, value string) { c.Objects[name] = value }},
		{listSettings, func(name, value string) { c.Settings[name] = value }},
		{listGrantees, func(name, _ string) { c.Grantees = append(c.Grantees, name) }},
	}
	if migrated {
		lists = append(lists, struct {
			query string
			take  func(name, value string)
		}{listMigrations, func(name, _ string) { c.Migrations = append(c.Migrations, name) }})
	}
	for _, l := range lists {
		var rows []struct{ Name, Value string }
		if err := db.NewRaw(l.query).Scan(ctx, &rows); err != nil {
			return c, fmt.Errorf("read what is in the database: %w", unavailable(err))
		}
		for _, r := range rows {
			l.take(r.Name, r.Value)
		}
	}
	return c, readSequences(ctx, db, c.Sequences)
}

func readSequences(ctx context.Context, db bun.IDB, into map[string]int64) error {
	var rows []struct {
		Name  string
		Value int64
	}
	if err := db.NewRaw(listSequences).Scan(ctx, &rows); err != nil {
		return fmt.Errorf("read sequences: %w", unavailable(err))
	}
	for _, r := range rows {
		into[r.Name] = r.Value
	}
	return nil
}

// sumTable reads a table once. What a row looks like as text depends on the settings of the snapshot, and on nothing else.
func sumTable(ctx context.Context, db bun.IDB, table string) (sum TableSum, err error) {
	err = db.NewRaw(`SELECT count(*) AS rows, coalesce(sum(hashtextextended(whole_row::text, 0)), 0)::text AS checksum FROM ONLY ? AS whole_row`, bun.Safe(table)).Scan(ctx, &sum)
	if err != nil {
		err = fmt.Errorf("sum up %s: %w", table, unavailable(err))
	}
	return sum, err
}
