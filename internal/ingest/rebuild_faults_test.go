package ingest_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
)

// shaky is a store over a line that fails at the n-th step of a rebuild, before or after it is done.
type shaky struct {
	*postgres.Store
	step  int // which fails, counted from 1
	done  bool
	fails error
	steps int
}

func (f *shaky) CommitRebuild(ctx context.Context, r market.Rebuild, batch []market.Rederived) (market.Rebuild, error) {
	return f.do(r, func() (market.Rebuild, error) { return f.Store.CommitRebuild(ctx, r, batch) })
}

func (f *shaky) FinishRebuild(ctx context.Context, r market.Rebuild) (market.Rebuild, error) {
	return f.do(r, func() (market.Rebuild, error) { return f.Store.FinishRebuild(ctx, r) })
}

func (f *shaky) do(r market.Rebuild, step func() (market.Rebuild, error)) (market.Rebuild, error) {
	if f.steps++; f.steps != f.step {
		return step()
	}
	if f.done {
		if _, err := step(); err != nil {
			return r, err
		}
	}
	return r, fmt.Errorf("%w: as told", f.fails)
}

// Whether a step fails before it is stored or only its answer is lost, each payload is dealt with once.
func TestAStepWithoutAnAnswerIsSettled(t *testing.T) {
	src := &notes{pages: [][]string{{note("a", 0, "1"), note("b", 0, "2"), note("c", 0, "3"), note("d", 0, "4")}}}
	r := newRig(t)
	r.ingest(src)
	before := r.held()
	for step := 1; step <= 3; step++ {
		for _, f := range []*shaky{
			{step: step, fails: market.ErrUnavailable}, {step: step, fails: market.ErrUnavailable, done: true},
			{step: step, fails: market.ErrConflict}, {step: step, fails: context.DeadlineExceeded, done: true},
		} {
			r.exec("TRUNCATE records, latest_records, source_days")
			f.Store = r.Store
			rebuilder := r.rebuilder(2)
			rebuilder.Store = f
			done, err := rebuilder.Rebuild(t.Context(), src)
			require.NoError(t, err)
			require.NotNil(t, done.FinishedAt)
			require.EqualValues(t, 4, done.Payloads)
			require.EqualValues(t, 4, done.Changed)
			require.Equal(t, before, r.held(), "%+v", f)
		}
	}
}

// What no repetition mends ends the rebuild, which can be gone on with.
func TestARebuildThatCannotGoOnSaysWhy(t *testing.T) {
	src := &notes{pages: [][]string{{note("a", 0, "1"), note("b", 0, "2")}}}
	r := newRig(t)
	r.ingest(src)
	r.exec("UPDATE records SET open_usd = 1; ALTER TABLE records ADD CONSTRAINT odd CHECK (price_usd <> 1) NOT VALID")
	_, err := r.rebuilder(1).Rebuild(t.Context(), src)
	require.ErrorContains(t, err, "rebuild of notes: commit rebuild of notes: records: ERROR")
	r.exec("ALTER TABLE records DROP CONSTRAINT odd")
	require.EqualValues(t, 2, r.rebuild(src, 1).Payloads)
	_, err = r.rebuilder(1).Rebuild(t.Context(), &script{})
	require.ErrorIs(t, err, market.ErrNotFound)
}

// Rebuilds and live runs of two sources at once, on the same listings and instants: whatever order things
// come in, the last payload of each instant stands, and the counts are right.
func TestRebuildingWhileRunsGoOn(t *testing.T) {
	r := newRig(t)
	sources := []*notes{{}, {}}
	names := []string{"notes", "others"}
	payloads := func(from int) (page []string) {
		for i := range 60 {
			page = append(page, note(fmt.Sprintf("coin-%d", (from+i)%20), (from+i)%50, fmt.Sprintf("%d.%d", from+1, i)))
		}
		return page
	}
	log := slog.New(slog.DiscardHandler)
	for i, src := range sources {
		src.name, src.pages = names[i], [][]string{payloads(0), payloads(1)}
		r.ingest(src)
	}
	ctx, stop := context.WithCancel(t.Context())
	var rebuilding, running sync.WaitGroup
	for i := range sources {
		rebuilding.Go(func() {
			for ctx.Err() == nil {
				rebuilder := ingest.Rebuilder{Store: r.Store, Log: log, Batch: 37}
				if _, err := rebuilder.Rebuild(ctx, &notes{name: names[i]}); err != nil {
					t.Error(err)
				}
			}
		})
		running.Go(func() {
			for n := range 6 {
				live := &notes{name: names[i], pages: [][]string{payloads(2 * n), payloads(2*n + 1)}}
				runner := ingest.Runner{Store: r.Store, Log: log, Beat: postgres.Beat}
				ended, err := runner.Run(t.Context(), live, ingest.Request{Trigger: market.TriggerManual})
				if err != nil || ended.Status != market.RunSucceeded {
					t.Error(ended.Status, ended.Error, err)
				}
			}
		})
	}
	running.Wait()
	stop()
	rebuilding.Wait()
	for _, name := range names {
		r.rebuild(&notes{name: name}, 50) // goes on with the one that was stopped, and counts
	}
	before := r.held()
	for _, name := range names {
		require.Zero(t, r.rebuild(&notes{name: name}, 50).Changed)
	}
	last := r.lines(`SELECT DISTINCT ON (source_id, external_id, observed_at) concat_ws(' ', source_id, external_id, observed_at, id)
		FROM raw_records ORDER BY source_id, external_id, observed_at, id DESC`)
	require.Equal(t, last, r.lines(`SELECT concat_ws(' ', r.source_id, l.external_id, r.observed_at, r.raw_id)
		FROM records r JOIN listings l ON l.id = r.listing_id ORDER BY r.source_id, l.external_id, r.observed_at`))
	r.exec("TRUNCATE records, latest_records, source_days")
	for _, name := range names {
		r.rebuild(&notes{name: name}, 50)
	}
	require.Equal(t, before, r.held())
}
