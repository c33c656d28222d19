package model_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

func assets(n int64) []*model.Asset {
	var rows []market.Asset
	for id := range n {
		rows = append(rows, market.Asset{ID: id + 1})
	}
	return model.NewAssets(rows)
}

func TestRowsReadTogetherShareOneRead(t *testing.T) {
	rows := assets(100)
	var reads atomic.Int64
	var all sync.WaitGroup
	doubled := make([]int64, len(rows))
	for i, row := range rows {
		all.Go(func() {
			byID, err := model.Together(t.Context(), row.Group, "double", func(rows []*model.Asset) (map[int64]int64, error) {
				reads.Add(1)
				found := map[int64]int64{}
				for _, each := range rows {
					found[each.ID] = 2 * each.ID
				}
				return found, nil
			})
			if err == nil {
				doubled[i] = byID[row.ID]
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, reads.Load())
	require.EqualValues(t, 200, doubled[99])
	other, err := model.Together(t.Context(), rows[0].Group, "other field", func([]*model.Asset) (int, error) { return 7, nil })
	require.NoError(t, err)
	require.Equal(t, 7, other)
}

func TestAFailureIsSharedAndReportedOnce(t *testing.T) {
	rows := assets(2)
	cause := errors.New("away")
	var reports int
	for _, row := range rows {
		_, err := model.Together(t.Context(), row.Group, "field", func([]*model.Asset) (int, error) { return 0, cause })
		require.ErrorIs(t, err, cause)
		require.EqualError(t, err, "field: away")
		var failure *model.Failure
		require.ErrorAs(t, err, &failure)
		failure.Report(func() { reports++ })
	}
	require.Equal(t, 1, reports)
}

func TestAPanicFailsAllRowsAlike(t *testing.T) {
	rows := assets(2)
	load := func([]*model.Asset) (int, error) { panic("oops") }
	_, first := model.Together(t.Context(), rows[0].Group, "field", load)
	require.ErrorContains(t, first, "field: panic: oops")
	_, second := model.Together(t.Context(), rows[1].Group, "field", load)
	require.Same(t, first, second)
}

func TestNothingIsReadForOneWhoHasGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := model.Together(ctx, assets(1)[0].Group, "field", func([]*model.Asset) (int, error) { return 0, errors.New("it was read") })
	require.ErrorIs(t, err, context.Canceled)
}
