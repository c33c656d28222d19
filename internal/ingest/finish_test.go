package ingest_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
)

// cramped is a store without room for what a run has found.
type cramped struct{ *postgres.Store }

func (c *cramped) FinishRun(ctx context.Context, runID int64, end market.RunEnd) (market.Run, error) {
	if len(end.Shape) > 0 {
		return market.Run{}, errors.New("could not extend file: No space left on device")
	}
	return c.Store.FinishRun(ctx, runID, end)
}

func TestARunIsClosedThoughThereIsNoRoomForItsFindings(t *testing.T) {
	s := newStore(t)
	r := ingest.Runner{Store: &cramped{s}, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
	ended, err := r.Run(t.Context(), &script{[]step{page(1, 2, 0), fails}}, ingest.Request{Trigger: market.TriggerManual})
	require.NoError(t, err)
	require.Equal(t, market.RunPartial, ended.Status)
	require.Equal(t, "page 2: 429 Too Many Requests", ended.Error)
	known, err := s.Baseline(t.Context(), "script", "")
	require.NoError(t, err)
	require.Empty(t, known.Shape)
	run(t, t.Context(), s, page(1, 2, 0))
	known, err = s.Baseline(t.Context(), "script", "")
	require.NoError(t, err)
	require.NotEmpty(t, known.Shape, "the next run finds it as well")
}
