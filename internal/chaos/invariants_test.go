package chaos_test

import (
	"context"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"
)

// sound checks everything that must hold once every source has been run to its end.
func (r *rig) sound() {
	r.t.Helper()
	require.Empty(r.t, r.problems())
}

// problems says what is wrong, a line each.
func (r *rig) problems() []string {
	r.t.Helper()
	found := append(r.lost(), r.crooked()...)
	read := r.number("SELECT coalesce(sum(extracted), 0) FROM etl_runs e JOIN sources s ON s.id = e.source_id WHERE s.name = 'csv'")
	if rows := len(r.csv.written); read != int64(rows) {
		found = append(found, fmt.Sprintf("the runs count %d rows of the files, there are %d: a page was counted twice, or not", read, rows))
	}
	if open := r.number("SELECT count(*) FROM etl_runs WHERE status = 'running'"); open > 0 {
		found = append(found, fmt.Sprintf("%d runs are left open", open))
	}
	return found
}

// lost compares what is stored with what was served.
func (r *rig) lost() (found []string) {
	r.t.Helper()
	var rows []struct {
		Source, ID string
		At         time.Time
	}
	require.NoError(r.t, r.db.NewRaw(`SELECT s.name AS source, l.external_id AS id, r.observed_at AS at
		FROM records r JOIN listings l ON l.id = r.listing_id JOIN sources s ON s.id = r.source_id`).Scan(context.Background(), &rows))
	want := r.served()
	for _, row := range rows {
		o := seen{row.Source, row.ID, row.At.UTC()}
		if !want[o] {
			found = append(found, fmt.Sprintf("stored twice or never served: %v", o))
		}
		delete(want, o)
	}
	for o := range want {
		found = append(found, fmt.Sprintf("lost: %v", o))
	}
	return found
}

const halfPage = "a run's payloads are not those that it counts: half a page"

// rules are questions whose answers must be empty at any instant, runs being open or not.
var rules = map[string]string{
	"a run does not add up": `SELECT id::text FROM etl_runs
		WHERE extracted <> inserted + updated + unchanged + rejected`,
	halfPage: `SELECT r.id::text FROM etl_runs r
		WHERE inserted + updated <> (SELECT count(*) FROM raw_records w WHERE w.run_id = r.id)`,
	"the records of a source are not those that its runs have inserted": `SELECT s.name FROM sources s
		WHERE (SELECT coalesce(sum(inserted), 0) FROM etl_runs e WHERE e.source_id = s.id)
			<> (SELECT count(*) FROM records r WHERE r.source_id = s.id)`,
	"the total of a source is not its records": `SELECT s.name FROM sources s JOIN source_totals t ON t.source_id = s.id
		WHERE t.record_count <> (SELECT count(*) FROM records r WHERE r.source_id = s.id)
			OR t.items_extracted <> (SELECT coalesce(sum(extracted), 0) FROM etl_runs e WHERE e.source_id = s.id)`,
	"an ended run was not counted once": `SELECT s.name FROM sources s JOIN source_totals t ON t.source_id = s.id
		WHERE t.ended_runs <> (SELECT count(*) FROM etl_runs e WHERE e.source_id = s.id AND status <> 'running')
			OR t.succeeded_runs <> (SELECT count(*) FROM etl_runs e WHERE e.source_id = s.id AND status = 'succeeded')`,
	"a day is miscounted": `SELECT coalesce(d.source_id, r.source_id) || ' ' || coalesce(d.day, r.day)
		FROM source_days d FULL JOIN (SELECT source_id, (observed_at AT TIME ZONE 'UTC')::date AS day, count(*) AS n
			FROM records GROUP BY 1, 2) r ON r.source_id = d.source_id AND r.day = d.day
		WHERE d.record_count IS DISTINCT FROM r.n`,
	"a record has no payload": `SELECT r.raw_id::text FROM records r JOIN listings l ON l.id = r.listing_id
		WHERE NOT EXISTS (SELECT FROM raw_records w WHERE w.external_id = l.external_id AND w.id = r.raw_id
			AND w.source_id = r.source_id AND w.payload_hash = r.payload_hash)`,
	"a record is not of the run that it names": `SELECT r.raw_id::text FROM records r JOIN listings l ON l.id = r.listing_id
		JOIN raw_records w ON w.external_id = l.external_id AND w.id = r.raw_id WHERE w.run_id <> r.run_id`,
	"the latest record is not the newest": `SELECT coalesce(m.listing_id, l.listing_id)::text
		FROM (SELECT DISTINCT ON (listing_id) * FROM records ORDER BY listing_id, observed_at DESC) m
		FULL JOIN latest_records l ON l.listing_id = m.listing_id
		WHERE (l.observed_at, l.payload_hash, l.raw_id, l.run_id) IS DISTINCT FROM (m.observed_at, m.payload_hash, m.raw_id, m.run_id)`,
	"a checkpoint is not where its run was": `SELECT c.source_id::text FROM checkpoints c LEFT JOIN etl_runs e
		ON e.id = c.run_id AND e.source_id = c.source_id AND e.stream = c.stream
		WHERE e.cursor_after IS DISTINCT FROM c.cursor`,
	"a run did not begin where the one before it ended": `SELECT id::text FROM (
			SELECT id, cursor_before, lag(cursor_after) OVER (PARTITION BY source_id, stream ORDER BY id) AS left_at FROM etl_runs) e
		WHERE cursor_before IS DISTINCT FROM left_at`,
	"an asset has no listing": `SELECT slug FROM assets a WHERE NOT EXISTS (SELECT FROM listings l WHERE l.asset_id = a.id)`,
	"a slot was run twice": `SELECT source_id || ' ' || scheduled_at FROM etl_runs
		WHERE scheduled_at IS NOT NULL GROUP BY source_id, scheduled_at HAVING count(*) > 1`,
}

// crooked looks at each rule in one statement, so in one snapshot.
func (r *rig) crooked() (found []string) {
	r.t.Helper()
	for what, query := range rules {
		var which []string
		require.NoError(r.t, r.db.NewRaw(query+" LIMIT 3").Scan(context.Background(), &which), what)
		for _, w := range which {
			found = append(found, what+": "+w)
		}
	}
	return found
}
