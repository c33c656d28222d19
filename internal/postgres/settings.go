package postgres

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// Setting is one of the database that should be another.
type Setting struct {
	Name  string
	Value string // as it is
	Why   string // what it does as it is
	Mend  string // the statement that an administrator runs
}

// advised are the settings that migrations make where they may.
var advised = []struct{ name, wrong, value, why string }{
	{"client_connection_check_interval", "value = '0'", "2s", "what a killed process has locked stays locked until its statement ends"},
	{"random_page_cost", "value::numeric > 2", "1.1", "pages of one source are read by walking all of them"},
}

// Settings returns the settings that should be others. The migrations make them, unless their user may not
// alter the database.
func Settings(ctx context.Context, db *bun.DB) (wrong []Setting, err error) {
	for _, a := range advised {
		var rows []struct{ Value, Database string }
		err := db.NewRaw("SELECT value, database FROM (SELECT setting AS value, current_database() AS database FROM pg_settings WHERE name = ?) s WHERE "+
			a.wrong, a.name).Scan(ctx, &rows)
		if err != nil {
			return nil, fmt.Errorf("read settings: %w", unavailable(err))
		}
		for _, r := range rows {
			wrong = append(wrong, Setting{
				Name: a.name, Value: r.Value, Why: a.why,
				Mend: fmt.Sprintf(`ALTER DATABASE "%s" SET %s = '%s'`, r.Database, a.name, a.value),
			})
		}
	}
	return withNameParts(ctx, db, wrong)
}

// withNameParts adds the index over parts of names, where the server did not offer its extension to the
// migration.
func withNameParts(ctx context.Context, db *bun.DB, wrong []Setting) ([]Setting, error) {
	var there bool
	if err := db.NewRaw("SELECT to_regclass('assets_name_part_idx') IS NOT NULL").Scan(ctx, &there); err != nil {
		return nil, fmt.Errorf("read indexes: %w", unavailable(err))
	}
	if !there {
		wrong = append(wrong, Setting{
			Name: "assets_name_part_idx", Value: "missing", Why: "a part of a name is looked for in all names",
			Mend: "CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX assets_name_part_idx ON assets USING gin (name gin_trgm_ops)",
		})
	}
	return wrong, nil
}
