package postgres

import "strings"

// The statements of a batch of a rebuild, in the order in which they run. They follow the rules of those
// of a page, see commit_sql.go, and meet the same staging table.

// selectMissing finds the listings that are gone, with what the latest payload of each says.
const selectMissing = `
SELECT 0 AS id, ?0 AS source_id, ` + stagedListing + `, s.symbol, s.name
FROM (SELECT DISTINCT ON (external_id) *
	FROM stage ORDER BY external_id, observed_at DESC, ord) s
JOIN sources src ON src.id = ?0
LEFT JOIN listings l ON l.source_id = ?0 AND l.external_id = s.external_id
WHERE l.id IS NULL ORDER BY s.external_id`

const createRekeyed = `
CREATE TEMP TABLE keyed ON COMMIT DROP AS
	SELECT l.id AS listing_id, o.raw_id, o.run_id, s.* FROM stage s
	JOIN origin o ON o.ord = s.ord
	JOIN listings l ON l.source_id = ?0 AND l.external_id = s.external_id;
ANALYZE keyed`

// misnamed holds of a staged item s and its listing l where the item names it otherwise. An empty symbol
// or name takes nothing back.
const misnamed = `(s.symbol <> '' AND s.symbol <> l.symbol OR s.name <> '' AND s.name <> l.name
	OR s.contracts <> '{}' AND s.contracts <> l.contracts)`

// anyMisnamed tells whether names may have to change. Then the assets are locked before any record is, in
// the order in which a page does it.
const anyMisnamed = `SELECT EXISTS (SELECT FROM keyed s JOIN listings l ON l.id = s.listing_id WHERE ` + misnamed + `)`

// selectMisnamed finds the listings whose newest record was read from a payload that names them otherwise.
const selectMisnamed = `
SELECT l.id, ?0 AS source_id, ` + stagedListing + `,
	coalesce(nullif(s.symbol, ''), l.symbol) AS symbol, coalesce(nullif(s.name, ''), l.name) AS name
FROM keyed s JOIN latest_records n ON n.listing_id = s.listing_id AND n.raw_id = s.raw_id
JOIN listings l ON l.id = s.listing_id JOIN sources src ON src.id = ?0
WHERE ` + misnamed + ` ORDER BY l.external_id`

// createGone finds the records whose payload does not give them any more, unless another payload has
// since taken their place.
const createGone = `
CREATE TEMP TABLE gone ON COMMIT DROP AS
	SELECT r.listing_id, r.observed_at, r.raw_id
	FROM (SELECT * FROM origin WHERE moved) o
	JOIN listings l ON l.source_id = ?0 AND l.external_id = o.external_id
	JOIN records r ON r.listing_id = l.id AND r.observed_at = o.was_at AND r.raw_id = o.raw_id;
ANALYZE gone`

const deleteGone = `
DELETE FROM records r USING gone g
WHERE r.listing_id = g.listing_id AND r.observed_at = g.observed_at AND r.raw_id = g.raw_id;
DELETE FROM latest_records n USING gone g
WHERE n.listing_id = g.listing_id AND n.observed_at = g.observed_at AND n.raw_id = g.raw_id`

const createStanding = `
CREATE TEMP TABLE existing ON COMMIT DROP AS
	SELECT r.* FROM (SELECT DISTINCT listing_id, observed_at FROM keyed) k
	JOIN records r ON r.listing_id = k.listing_id AND r.observed_at = k.observed_at`

// derivedColumns are what a payload decides of its record.
const derivedColumns = figureColumns + `, payload_hash, raw_id, run_id`

// createDerived holds the records that the batch gives, of each instant that of the latest payload, and
// none where a later payload has spoken.
var createDerived = `
CREATE TEMP TABLE derived ON COMMIT DROP AS
	SELECT DISTINCT ON (k.listing_id, k.observed_at) k.listing_id, k.observed_at, ` + of("k", derivedColumns) + `,
		e.listing_id IS NULL AS is_new, e.listing_id IS NULL OR ` + differ("e", "k") + ` AS changed
	FROM keyed k LEFT JOIN existing e ON e.listing_id = k.listing_id AND e.observed_at = k.observed_at
	WHERE e.listing_id IS NULL OR e.raw_id <= k.raw_id
	ORDER BY k.listing_id, k.observed_at, k.raw_id DESC`

// upsertDerived writes what is new or differs. A page may have written the same instant meanwhile: its
// payload is a later one.
const upsertDerived = `
INSERT INTO records AS held (` + recordColumns + `)
	SELECT listing_id, observed_at, ?0, ` + derivedColumns + `, now()
	FROM derived WHERE changed ORDER BY listing_id, observed_at
ON CONFLICT (listing_id, observed_at) DO UPDATE SET` + setFigures + `
WHERE held.raw_id <= excluded.raw_id`

// createNewest is the newest instant of each listing that the batch speaks of, and of each that has lost a
// record the newest that it still has.
const createNewest = `
CREATE TEMP TABLE newest ON COMMIT DROP AS
	SELECT listing_id, max(observed_at) AS observed_at FROM (
		SELECT listing_id, observed_at FROM derived
		UNION ALL SELECT r.listing_id, max(r.observed_at) FROM records r
			JOIN (SELECT DISTINCT listing_id FROM gone) g ON g.listing_id = r.listing_id GROUP BY r.listing_id
	) c GROUP BY listing_id`

var upsertNewest = `
INSERT INTO latest_records AS latest (` + recordColumns + `)
	SELECT ` + of("r", recordColumns) + ` FROM newest k
	JOIN records r ON r.listing_id = k.listing_id AND r.observed_at = k.observed_at ORDER BY r.listing_id
ON CONFLICT (listing_id) DO UPDATE SET observed_at = excluded.observed_at,` + setFigures + `
WHERE excluded.observed_at > latest.observed_at OR excluded.observed_at = latest.observed_at
	AND latest.raw_id <= excluded.raw_id AND ` + differ("latest", "excluded")

const countRederived = `
SELECT (SELECT count(*) FILTER (WHERE is_new) FROM derived), (SELECT count(*) FILTER (WHERE changed) FROM derived),
	(SELECT count(*) FROM gone)`

const countRebuiltDays = `
INSERT INTO source_days (source_id, day, record_count)
	SELECT ?0, (observed_at AT TIME ZONE 'UTC')::date AS day, sum(n)
	FROM (SELECT observed_at, 1 AS n FROM derived WHERE is_new UNION ALL SELECT observed_at, -1 FROM gone) c
	GROUP BY day HAVING sum(n) <> 0 ORDER BY day
ON CONFLICT (source_id, day) DO UPDATE SET record_count = source_days.record_count + excluded.record_count`

// correctRaw notes at the payloads of a table which records they give now. One that is of another listing
// now is found by that one's external id, which is a part of its key: hence it is written anew.
const correctRaw = `
UPDATE ?0 w SET observed_at = o.now_at FROM origin o
	WHERE o.moved AND o.now_of = o.external_id
		AND w.external_id = o.external_id AND w.id = o.raw_id AND w.fetched_at = o.fetched_at;
WITH taken AS (DELETE FROM ?0 w USING origin o
	WHERE o.moved AND o.now_of <> o.external_id
		AND w.external_id = o.external_id AND w.id = o.raw_id AND w.fetched_at = o.fetched_at
	RETURNING w.*, o.now_of, o.now_at)
INSERT INTO ?0 (` + rawColumns + `)
	SELECT id, source_id, now_of, run_id, fetched_at, now_at, payload, payload_hash FROM taken`

// of puts columns under the name of their table.
func of(table, columns string) string {
	list := strings.FieldsFunc(columns, func(c rune) bool { return strings.ContainsRune(", \n\t", c) })
	return table + "." + strings.Join(list, ", "+table+".")
}

// differ tells rows of records apart by what their payloads decide.
func differ(a, b string) string {
	return "(" + of(a, derivedColumns) + ") IS DISTINCT FROM (" + of(b, derivedColumns) + ")"
}
