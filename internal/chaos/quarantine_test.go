package chaos_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/simulator"
)

// Killed again and again while it tries what waits in quarantine, the program loses no item and makes no
// two records of one.
func TestKillDuringRetryOfQuarantine(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ingest()
	r.moveOn()
	require.NoError(t, r.sim.Misbehave(simulator.Fault{Upstream: "coingecko", Kind: "negative", Rows: 9}))
	r.ingest()
	r.sim.ClearFaults()
	due := r.putAside(3 * *rounds)
	all := r.number("SELECT count(*) FROM rejections")
	require.EqualValues(t, 9+len(due)+3**rounds, all)
	for killed, n := true, 0; killed && n < max(3, *rounds/2); n++ {
		try(t, "kill -9 of a retry of the quarantine", func() {
			before := r.resolved()
			killed = r.killBeside(r.anyOfRetry(), nil, "quarantine", "retry", "coingecko")
			r.age()
			require.Empty(t, r.crooked())
			r.resolvedOnce(all, before)
		})
	}
	before := r.resolved()
	p := r.start("quarantine", "retry", "coingecko")
	require.Zero(t, p.wait(), "%s\n%s", &p.out, &p.log)
	r.resolvedOnce(all, before)
	require.Len(t, r.resolved(), len(due))
	r.ingest()
	r.soundWith(due)
}

// putAside puts items of CoinGecko into quarantine that lay ahead when they were read and are of the past
// now, ten at a time, and with each ten one that nobody can read. It returns the former.
func (r *rig) putAside(times int) (due map[seen]bool) {
	t, ctx := r.t, context.Background()
	t.Helper()
	store := postgres.New(r.db, identity.Resolve)
	run, err := store.StartRun(ctx, market.RunRequest{Source: "coingecko", Kind: market.KindAPI, Trigger: market.TriggerManual})
	require.NoError(t, err)
	due = map[seen]bool{}
	ahead, at := market.Reason{Code: "future_time", Field: "last_updated", Detail: "it lies ahead"}, time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	for n := range times {
		batch := market.Batch{Source: "coingecko", FetchedAt: time.Now()}
		for k := range 11 {
			o, price := seen{"coingecko", fmt.Sprintf("late-%d-%d", n, k), at}, "1.25"
			if k == 10 {
				price = `"lots"`
			} else {
				due[o] = true
			}
			batch.Rejections = append(batch.Rejections, market.Rejection{ExternalID: o.id, Reason: ahead, Payload: fmt.Appendf(nil,
				`{"id":%q,"symbol":%[1]q,"name":%[1]q,"current_price":%s,"last_updated":%q}`, o.id, price, at.Format(time.RFC3339))})
		}
		_, err := store.CommitBatch(ctx, run.ID, batch)
		require.NoError(t, err)
	}
	_, err = store.FinishRun(ctx, run.ID, market.RunEnd{Status: market.RunSucceeded})
	require.NoError(t, err)
	return due
}

// resolved says when each rejection was resolved that is.
func (r *rig) resolved() map[int64]string {
	r.t.Helper()
	var rows []struct {
		ID int64
		At string
	}
	require.NoError(r.t, r.db.NewRaw("SELECT id, resolved_at::text AS at FROM rejections WHERE resolved_at IS NOT NULL").
		Scan(context.Background(), &rows))
	all := map[int64]string{}
	for _, row := range rows {
		all[row.ID] = row.At
	}
	return all
}

// resolvedOnce checks that no rejection has gone, that those resolved before are still so since then, and
// that each has become one record, once.
func (r *rig) resolvedOnce(all int64, before map[int64]string) {
	t := r.t
	t.Helper()
	require.Equal(t, all, r.number("SELECT count(*) FROM rejections"))
	now := r.resolved()
	require.Subset(t, now, before)
	passed := "SELECT coalesce(sum(extracted - rejected), 0) FROM etl_runs WHERE stream = ?"
	require.EqualValues(t, len(now), r.number(passed, market.StreamQuarantine), "one was resolved twice, or for nothing")
	require.EqualValues(t, len(now), r.number(`SELECT count(*) FROM records r JOIN etl_runs e ON e.id = r.run_id
		JOIN listings l ON l.id = r.listing_id JOIN rejections j ON j.external_id = l.external_id AND j.source_id = r.source_id
		WHERE e.stream = ? AND j.resolved_at IS NOT NULL`, market.StreamQuarantine))
}

// anyOfRetry throws the dice.
func (r *rig) anyOfRetry() moment {
	switch r.dice.IntN(5) {
	case 0:
		return committing().by("quarantine")
	case 1:
		return writing("rejections").by("quarantine")
	case 2:
		return writing(tables[r.dice.IntN(len(tables))]).by("quarantine")
	}
	return pages(1 + r.dice.IntN(2))
}
