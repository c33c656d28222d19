package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/simulator"
)

// sighting is a coin as of a moment.
type sighting struct {
	id string
	at time.Time
}

func sightingOf(t *testing.T, s simulator.Stamp) sighting {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s.LastUpdated)
	require.NoError(t, err)
	return sighting{s.ID, at.UTC()}
}

// requireStored holds the records against the ledger: everything that was served so that it can be
// read is there once, and nothing else is.
func (r *rig) requireStored(t *testing.T) {
	t.Helper()
	want := map[sighting]bool{}
	for _, a := range r.served() {
		for _, s := range a.Rows {
			want[sightingOf(t, s)] = true
		}
	}
	stored := r.sightings(t, "records")
	for _, v := range stored {
		require.True(t, want[v], "%v was not served, or is stored twice", v)
		delete(want, v)
	}
	require.Empty(t, want, "served and not stored")
	count, err := r.store.CountRecords(t.Context(), market.RecordFilter{})
	require.NoError(t, err)
	require.EqualValues(t, len(stored), count, "the maintained count")
}

// sightings are the records of a table.
func (r *rig) sightings(t *testing.T, table bun.Ident) (all []sighting) {
	t.Helper()
	rows, err := r.db.QueryContext(t.Context(), "SELECT l.external_id, r.observed_at FROM ? r JOIN listings l ON l.id = r.listing_id", table)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var s sighting
		require.NoError(t, rows.Scan(&s.id, &s.at))
		s.at = s.at.UTC()
		all = append(all, s)
	}
	require.NoError(t, rows.Err())
	return all
}

// latest is when the newest record of each coin is of.
func (r *rig) latest(t *testing.T) map[string]time.Time {
	t.Helper()
	newest := map[string]time.Time{}
	for _, s := range r.sightings(t, "latest_records") {
		newest[s.id] = s.at
	}
	return newest
}

func (r *rig) rejections(t *testing.T, run market.Run) []market.Rejection {
	t.Helper()
	page, err := r.store.Rejections(t.Context(), market.RejectionFilter{RunID: &run.ID}, market.Window[int64]{Size: 500})
	require.NoError(t, err)
	ids := make([]int64, len(page.Items))
	for i, kept := range page.Items {
		ids[i] = kept.ID
	}
	payloads, err := r.store.RejectedPayloads(t.Context(), ids)
	require.NoError(t, err)
	for i, id := range ids {
		page.Items[i].Payload = payloads[id]
	}
	return page.Items
}

// mentions tells whether a word is in the list; the empty one is in every list but an empty one.
func mentions(list []string, word string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, word) })
}
