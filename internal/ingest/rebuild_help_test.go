package ingest_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/source"
)

// notes is a source of payloads such as {"id":"a","at":"...","price":1.5}, one page a slice. The rule is how
// it understands them, beyond what they say.
type notes struct {
	name  string // "notes" if none is given
	pages [][]string
	rule  func(*source.Item)
}

func (n *notes) Name() string { return cmp.Or(n.name, "notes") }
func (*notes) Kind() string   { return market.KindAPI }

func (n *notes) Extract(context.Context, market.Cursor) iter.Seq2[source.Page, error] {
	return func(yield func(source.Page, error) bool) {
		for i, payloads := range n.pages {
			p := source.Page{Next: source.JSONCursor(i), FetchedAt: time.Now()}
			for _, payload := range payloads {
				p.Items = append(p.Items, n.Item([]byte(payload)))
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

func (n *notes) Item(payload []byte) source.Item {
	o := source.NewObject(payload)
	item := source.Item{
		ExternalID: o.ID("id"), Symbol: o.Text("id"), ObservedAt: o.Time("at"), Payload: payload,
		Amounts: source.Amounts{Price: o.Number("price"), Rank: o.Number("rank")},
	}
	item.Name = "Coin " + item.ExternalID
	if n.rule != nil {
		n.rule(&item)
	}
	item.Problem = o.Problem()
	return item
}

var dawn = time.Date(2026, 1, 2, 6, 0, 0, 0, time.UTC)

// note is a payload of notes, so many minutes after dawn.
func note(id string, minute int, price string) string {
	return fmt.Sprintf(`{"price": %s, "id":%q,"at":%q}`, price, id, dawn.Add(time.Duration(minute)*time.Minute).Format(time.RFC3339))
}

// rig is a store with what a test of rebuilding asks of it.
type rig struct {
	*postgres.Store
	t  *testing.T
	db *bun.DB
}

func newRig(t *testing.T) rig {
	db := postgrestest.New(t)
	return rig{Store: postgres.New(db, identity.Resolve), t: t, db: db}
}

// ingest runs a source, whose every item must be stored or refused.
func (r rig) ingest(src source.Source) {
	r.t.Helper()
	runner := ingest.Runner{Store: r.Store, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
	ended, err := runner.Run(r.t.Context(), src, ingest.Request{Trigger: market.TriggerManual})
	require.NoError(r.t, err)
	require.Equal(r.t, market.RunSucceeded, ended.Status, ended.Error)
}

func (r rig) rebuilder(batch int) *ingest.Rebuilder {
	return &ingest.Rebuilder{Store: r.Store, Log: slog.New(slog.DiscardHandler), Batch: batch}
}

// rebuild rebuilds a source to its end.
func (r rig) rebuild(src source.Source, batch int) market.Rebuild {
	r.t.Helper()
	done, err := r.rebuilder(batch).Rebuild(r.t.Context(), src)
	require.NoError(r.t, err)
	require.NotNil(r.t, done.FinishedAt)
	return done
}

func (r rig) exec(statement string, args ...any) {
	r.t.Helper()
	_, err := r.db.ExecContext(r.t.Context(), statement, args...)
	require.NoError(r.t, err)
}

// held is all that a rebuild must leave as a fresh ingestion would: the records and the newest of them by the
// names of their coins, the listings, and the counts. Of the payloads there is the hash.
func (r rig) held() map[string][]string {
	r.t.Helper()
	record := `SELECT (to_jsonb(r) - 'ingested_at' - 'listing_id' - 'raw_id' - 'run_id' || jsonb_build_object('of', l.external_id))::text
		FROM %s r JOIN listings l ON l.id = r.listing_id ORDER BY 1`
	return map[string][]string{
		"records":  r.lines(fmt.Sprintf(record, "records")),
		"latest":   r.lines(fmt.Sprintf(record, "latest_records")),
		"listings": r.lines(`SELECT concat_ws(' ', source_id, external_id, symbol, name, match_method, match_confidence) FROM listings ORDER BY 1`),
		"totals":   r.lines(`SELECT concat_ws(' ', source_id, record_count) FROM source_totals ORDER BY 1`),
		"days":     r.lines(`SELECT concat_ws(' ', source_id, day, record_count) FROM source_days ORDER BY 1`),
		"ranks":    r.lines(`SELECT concat_ws(' ', slug, rank) FROM assets ORDER BY 1`),
		"standing": r.lines(`SELECT concat_ws(' ', a.slug, c.sources, c.price_usd, c.observed_at) FROM consensus c JOIN assets a ON a.id = c.asset_id ORDER BY 1`),
	}
}

// rows tells the records and the newest of them with their payloads, their runs and when they were stored.
func (r rig) rows() []string {
	r.t.Helper()
	return r.lines(`SELECT to_jsonb(r)::text FROM records r UNION ALL SELECT 'latest ' || to_jsonb(n)::text FROM latest_records n ORDER BY 1`)
}

func (r rig) lines(query string) []string {
	r.t.Helper()
	lines := []string{}
	require.NoError(r.t, r.db.NewRaw(query).Scan(r.t.Context(), &lines))
	return lines
}

// requirePayloads: the payload of each record is there and says the price of the record.
func (r rig) requirePayloads() {
	r.t.Helper()
	page, err := r.Records(r.t.Context(), market.RecordFilter{}, market.RecordsNewestFirst, market.Window[market.RecordKey]{Size: 1000})
	require.NoError(r.t, err)
	payloads, err := r.Payloads(r.t.Context(), page.Items)
	require.NoError(r.t, err)
	for _, record := range page.Items {
		require.Contains(r.t, payloads, record.RawID)
		var says map[string]any
		require.NoError(r.t, json.Unmarshal(payloads[record.RawID], &says))
		require.NotEmpty(r.t, says)
	}
}
