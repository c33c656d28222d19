package ingest_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/source"
)

type partKey struct{}

func TestHooksAreToldOfEveryPartAndWhatItAdded(t *testing.T) {
	var parts []string
	var added market.Counters
	var ends []market.RunEnd
	within := func(ctx context.Context, part string) (context.Context, func(error)) {
		up, _ := ctx.Value(partKey{}).(string)
		path := up + "/" + part
		return context.WithValue(ctx, partKey{}, path), func(err error) {
			if err != nil {
				path += " failed"
			}
			parts = append(parts, path)
		}
	}
	r := ingest.Runner{
		Store: postgres.New(postgrestest.New(t), identity.Resolve), Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat,
		Hooks: ingest.Hooks{
			Part: func(ctx context.Context, part string, run market.Run) (context.Context, func(error)) {
				require.Equal(t, run.ID, market.RunID(ctx))
				return within(ctx, part)
			},
			OnCommit: func(_ market.Run, page market.Counters) { added = added.Add(page) },
			OnEnd:    func(_ market.Run, end market.RunEnd) { ends = append(ends, end) },
		},
	}
	ended, err := r.Run(t.Context(), &script{[]step{page(1, 30, 2), page(2, 5, 0), fails}}, ingest.Request{Trigger: market.TriggerManual})
	require.NoError(t, err)
	require.Equal(t, market.RunPartial, ended.Status)
	require.Equal(t, []string{"/run/page/commit", "/run/page", "/run/page/commit", "/run/page", "/run/page failed", "/run failed"}, parts)
	require.Len(t, ends, 1)
	require.Equal(t, ended.Extracted, added.Extracted)
	require.Equal(t, ended.Inserted, added.Inserted)
	require.Equal(t, ended.Rejected, added.Rejected)
	require.Equal(t, ended.Retries, added.Retries+ends[0].Retries, "the pages and the end make the whole")
	require.EqualValues(t, 4, ends[0].Retries)
}

// lost is a store whose answer to a commit is lost.
type lost struct {
	*postgres.Store
	first bool
}

// CommitBatch stores and says that the database went away.
func (l *lost) CommitBatch(ctx context.Context, runID int64, b market.Batch) (market.Counters, error) {
	done, err := l.Store.CommitBatch(ctx, runID, b)
	if err == nil && !l.first {
		l.first = true
		return market.Counters{}, market.ErrUnavailable
	}
	return done, err
}

func TestAPageWhoseAnswerWasLostIsCountedOnce(t *testing.T) {
	var added []market.Counters
	r := ingest.Runner{
		Store: &lost{Store: postgres.New(postgrestest.New(t), identity.Resolve)}, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat,
		Hooks: ingest.Hooks{OnCommit: func(_ market.Run, page market.Counters) { added = append(added, page) }},
	}
	var src source.Source = &script{[]step{page(1, 3, 0), page(2, 2, 0)}}
	_, err := r.Run(t.Context(), src, ingest.Request{Trigger: market.TriggerManual})
	require.NoError(t, err)
	require.Len(t, added, 2)
	require.EqualValues(t, 3, added[0].Inserted)
	require.EqualValues(t, 2, added[1].Inserted)
	require.EqualValues(t, 1, added[1].Pages)
}
