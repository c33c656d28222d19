package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/source"
)

// These tests hold the whole way of the data, from an upstream's bytes to what the API reads,
// against recordings of what the upstreams really sent. RECORDINGS_DIR says where they are.
func recordings(t *testing.T) string {
	dir := os.Getenv("RECORDINGS_DIR")
	if dir == "" {
		t.Skip("RECORDINGS_DIR is not set: no recordings to test against")
	}
	return dir
}

// recording is a source over a recording, with what must come of it.
type recording struct {
	name    string
	source  func() source.Source
	rows    int             // items in the recording
	prices  decimal.Decimal // their sum
	volumes decimal.Decimal
	refused bool // as a whole
}

func ingestInto(t *testing.T, ctx context.Context, store *postgres.Store, src source.Source, onPage func()) market.Run {
	t.Helper()
	r := ingest.Runner{Store: store, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
	if onPage != nil {
		r.OnPage = func(string, ingest.Progress) { onPage() }
	}
	run, err := r.Run(ctx, src, ingest.Request{Trigger: market.TriggerManual})
	require.NoError(t, err)
	return run
}

func everyRecord(t *testing.T, store *postgres.Store) (all []market.Record) {
	t.Helper()
	w := market.Window[market.RecordKey]{Size: 1000}
	for {
		page, err := store.Records(t.Context(), market.RecordFilter{}, market.RecordsNewestFirst, w)
		require.NoError(t, err)
		all = append(all, page.Items...)
		if !page.More {
			return all
		}
		w.After = &page.Items[len(page.Items)-1].RecordKey
	}
}

func sums(records []market.Record) (prices, volumes decimal.Decimal) {
	for _, r := range records {
		prices = prices.Add(decimal.RequireFromString(r.PriceUSD.String()))
		if r.Volume24hUSD.Valid() {
			volumes = volumes.Add(decimal.RequireFromString(r.Volume24hUSD.String()))
		}
	}
	return prices, volumes
}

func newTestStore(t *testing.T) *postgres.Store {
	return postgres.New(postgrestest.New(t), identity.Resolve)
}

func TestRecordingsArriveToTheDigit(t *testing.T) {
	t.Parallel()
	for _, rec := range allRecordings(t) {
		t.Run(rec.name, func(t *testing.T) {
			t.Parallel()
			store := newTestStore(t)
			run := ingestInto(t, t.Context(), store, rec.source(), nil)
			if rec.refused {
				require.Equal(t, market.RunPartial, run.Status)
				require.Contains(t, run.Error, rec.name)
				require.EqualValues(t, 1, run.Rejected)
				require.Empty(t, everyRecord(t, store))
				return
			}
			require.Equal(t, market.RunSucceeded, run.Status, run.Error)
			require.EqualValues(t, rec.rows, run.Extracted)
			require.EqualValues(t, rec.rows, run.Inserted+run.Updated+run.Unchanged+run.Rejected)
			records := everyRecord(t, store)
			require.Len(t, records, int(run.Inserted))
			prices, volumes := sums(records)
			require.Equal(t, rec.prices.String(), prices.String())
			require.Equal(t, rec.volumes.String(), volumes.String())
			t.Logf("%d rows: %d records, %d rejected", rec.rows, run.Inserted, run.Rejected)
		})
	}
}

func TestASecondRunOfARecordingStoresNothing(t *testing.T) {
	t.Parallel()
	for _, rec := range allRecordings(t) {
		t.Run(rec.name, func(t *testing.T) {
			t.Parallel()
			store := newTestStore(t)
			ingestInto(t, t.Context(), store, rec.source(), nil)
			before := everyRecord(t, store)
			again := ingestInto(t, t.Context(), store, rec.source(), nil)
			require.Zero(t, again.Inserted+again.Updated)
			require.Equal(t, again.Extracted, again.Unchanged+again.Rejected)
			require.Equal(t, before, everyRecord(t, store))
		})
	}
}

func TestARecordingCutOffAfterAnyPageEndsWithTheSameRows(t *testing.T) {
	t.Parallel()
	for _, rec := range allRecordings(t) {
		t.Run(rec.name, func(t *testing.T) {
			t.Parallel()
			whole := newTestStore(t)
			run := ingestInto(t, t.Context(), whole, rec.source(), nil)
			want := everyRecord(t, whole)
			for cut := range int(run.Pages) - 1 {
				store := newTestStore(t)
				ctx, cancel := context.WithCancel(t.Context())
				pages := 0
				first := ingestInto(t, ctx, store, rec.source(), func() {
					if pages++; pages > cut {
						cancel()
					}
				})
				require.Equal(t, market.RunInterrupted, first.Status)
				require.EqualValues(t, cut+1, first.Pages)
				rest := ingestInto(t, t.Context(), store, rec.source(), nil)
				require.Equal(t, market.RunSucceeded, rest.Status, rest.Error)
				require.Equal(t, run.Pages, first.Pages+rest.Pages, "it resumes at the page it had reached")
				require.Equal(t, bare(want), bare(everyRecord(t, store)))
			}
		})
	}
}

// bare leaves out what differs between two ingestions of the same thing.
func bare(records []market.Record) []string {
	out := make([]string, len(records))
	for i, r := range records {
		r.ListingID, r.AssetID, r.RawID, r.RunID, r.IngestedAt = 0, 0, 0, 0, time.Time{}
		text, err := json.Marshal(r)
		if err != nil {
			panic(err)
		}
		out[i] = string(text)
	}
	return out
}
