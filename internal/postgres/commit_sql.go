package postgres

import "github.com/kasparro/kasparro/internal/market"

// The statements of a page, in the order in which they run. They meet the table of records only in
// inner joins by its key and in ON CONFLICT: a LATERAL, a NOT EXISTS or an outer join against it
// would fetch the whole table where it is spread over several machines. Counts come from the
// temporary tables, never from command tags.

// createKeyed gives every staged item its listing. ANALYZE lets the planner see how few they are.
const createKeyed = `
CREATE TEMP TABLE keyed ON COMMIT DROP AS
	SELECT l.id AS listing_id, s.* FROM stage s
	JOIN listings l ON l.source_id = ?0 AND l.external_id = s.external_id;
ANALYZE keyed`

// createExisting finds what is known already of the instants in the page.
const createExisting = `
CREATE TEMP TABLE existing ON COMMIT DROP AS
	SELECT r.listing_id, r.observed_at, r.payload_hash, r.raw_id, r.run_id
	FROM (SELECT DISTINCT listing_id, observed_at FROM keyed) k
	JOIN records r ON r.listing_id = k.listing_id AND r.observed_at = k.observed_at`

// yieldToLater is for items of quarantine, whose upstream may have said more of the same instant since.
// They take the place of a record only if that was read from an earlier payload, and otherwise count as
// known.
const yieldToLater = `
CREATE TEMP TABLE earlier ON COMMIT DROP AS
	SELECT e.listing_id, e.observed_at FROM existing e JOIN listings l ON l.id = e.listing_id
		JOIN raw_records w ON w.external_id = l.external_id AND w.id = e.raw_id AND w.fetched_at < ?1
	UNION ALL SELECT e.listing_id, e.observed_at FROM existing e JOIN listings l ON l.id = e.listing_id
		JOIN raw_kept w ON w.external_id = l.external_id AND w.id = e.raw_id AND w.fetched_at < ?1;
UPDATE keyed k SET payload_hash = e.payload_hash
	FROM existing e LEFT JOIN earlier w ON w.listing_id = e.listing_id AND w.observed_at = e.observed_at
	WHERE w.listing_id IS NULL AND k.listing_id = e.listing_id AND k.observed_at = e.observed_at`

// yieldToLive is for items of the past, which tell less than what was said at the time: they do not take
// the place of that, nor of what has come out of quarantine, and count as known.
const yieldToLive = `
UPDATE keyed k SET payload_hash = e.payload_hash FROM existing e JOIN etl_runs r ON r.id = e.run_id
	WHERE r.stream IN ('', '` + market.StreamQuarantine + `') AND k.listing_id = e.listing_id AND k.observed_at = e.observed_at`

// createJudged compares each item with what came before it: with the item of the same key earlier
// in the page, if there is one, otherwise with the record. Items that change something get a raw
// id, in the order of the page, the others keep none.
const createJudged = `
CREATE TEMP TABLE judged ON COMMIT DROP AS
	SELECT j.*, CASE WHEN changed THEN nextval('raw_records_id_seq') END AS raw_id
	FROM (
		SELECT c.*, previous_hash IS NULL AS is_new, previous_hash IS DISTINCT FROM payload_hash AS changed
		FROM (
			SELECT k.*, coalesce(lag(k.payload_hash) OVER w, e.payload_hash) AS previous_hash
			FROM keyed k LEFT JOIN existing e ON e.listing_id = k.listing_id AND e.observed_at = k.observed_at
			WINDOW w AS (PARTITION BY k.listing_id, k.observed_at ORDER BY k.ord)
		) c ORDER BY ord
	) j`

const countJudged = `
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE changed AND NOT is_new),
	count(*) FILTER (WHERE NOT changed)
FROM judged`

const insertRaw = `
INSERT INTO raw_records (` + rawColumns + `)
	SELECT raw_id, ?0, external_id, ?1, ?2, observed_at, payload, payload_hash FROM judged WHERE changed`

// rawColumns are those of a payload, in raw_records and raw_kept alike.
const rawColumns = `id, source_id, external_id, run_id, fetched_at, observed_at, payload, payload_hash`

// recordColumns are those that a page writes, into records and latest_records alike.
const recordColumns = `listing_id, observed_at, source_id, ` + figureColumns + `, payload_hash, raw_id, run_id, ingested_at`

// setFigures replaces all of a row but its key: a key column is never updated.
const setFigures = `
	price_usd = excluded.price_usd, open_usd = excluded.open_usd, high_usd = excluded.high_usd,
	low_usd = excluded.low_usd, market_cap_usd = excluded.market_cap_usd,
	volume_24h_usd = excluded.volume_24h_usd, percent_change_1h = excluded.percent_change_1h,
	percent_change_24h = excluded.percent_change_24h, percent_change_7d = excluded.percent_change_7d,
	rank = excluded.rank, circulating_supply = excluded.circulating_supply,
	total_supply = excluded.total_supply, max_supply = excluded.max_supply,
	payload_hash = excluded.payload_hash, raw_id = excluded.raw_id, run_id = excluded.run_id,
	ingested_at = excluded.ingested_at`

// upsertRecords writes the last word on each instant, in key order.
const upsertRecords = `
INSERT INTO records (` + recordColumns + `)
	SELECT DISTINCT ON (listing_id, observed_at)
		listing_id, observed_at, ?0, ` + figureColumns + `, payload_hash, raw_id, ?1, now()
	FROM judged WHERE changed ORDER BY listing_id, observed_at, ord DESC
ON CONFLICT (listing_id, observed_at) DO UPDATE SET` + setFigures

// upsertLatest moves the newest record of each listing forwards, never back.
const upsertLatest = `
INSERT INTO latest_records AS latest (` + recordColumns + `)
	SELECT DISTINCT ON (listing_id)
		listing_id, observed_at, ?0, ` + figureColumns + `, payload_hash, raw_id, ?1, now()
	FROM judged WHERE changed ORDER BY listing_id, observed_at DESC, ord DESC
ON CONFLICT (listing_id) DO UPDATE SET observed_at = excluded.observed_at,` + setFigures + `
WHERE excluded.observed_at >= latest.observed_at`
