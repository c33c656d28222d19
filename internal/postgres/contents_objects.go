package postgres

// listObjects lists definitions by kind and name, as the server writes them where no schema is searched: the same in
// every database that has the same. What comes with an extension is left out, and so is a sequence's last value.
const listObjects = `
WITH extras AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
relations AS (
	SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND` + ours + `
	WHERE c.relpersistence <> 't' AND (c.tableoid, c.oid) NOT IN (SELECT classid, objid FROM extras))
SELECT 'extension ' || extname AS name, '' AS value FROM pg_extension
UNION ALL
SELECT 'relation ' || oid::regclass, concat_ws('; ', relkind, array_to_string(reloptions, ', '),
	pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid), CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END)
	FROM relations WHERE relkind IN ('r', 'p', 'v', 'm', 'S')
UNION ALL
SELECT format('column %s.%I', a.attrelid::regclass, a.attname), concat_ws(' ', format_type(a.atttypid, a.atttypmod),
	CASE WHEN a.attnotnull THEN 'NOT NULL' END, nullif(a.attidentity::text, ''), nullif(a.attgenerated::text, ''), pg_get_expr(d.adbin, d.adrelid))
	FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
	LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE r.relkind IN ('r', 'p', 'v', 'm')
UNION ALL
SELECT format('constraint %s.%I', c.conrelid::regclass, c.conname), pg_get_constraintdef(c.oid)
	FROM relations r JOIN pg_constraint c ON c.conrelid = r.oid
UNION ALL
SELECT 'index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END
	FROM relations r JOIN pg_index i ON i.indrelid = r.oid
UNION ALL
SELECT format('trigger %s.%I', t.tgrelid::regclass, t.tgname), t.tgenabled::text || ' ' || pg_get_triggerdef(t.oid)
	FROM relations r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
UNION ALL
SELECT 'function ' || p.oid::regprocedure, pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND` + ours + `
	WHERE p.prokind IN ('f', 'p') AND (p.tableoid, p.oid) NOT IN (SELECT classid, objid FROM extras)
UNION ALL
SELECT format('sequence %I.%I', schemaname, sequencename), concat_ws(' ', data_type, start_value, min_value, max_value, increment_by, cycle, cache_size)
	FROM pg_sequences`
