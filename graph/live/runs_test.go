package live_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

func TestRunsAreToldAsTheyGo(t *testing.T) {
	w := newWorld(t)
	all, err := w.Runs(t.Context(), "")
	require.NoError(t, err)
	paprika, err := w.Runs(t.Context(), "coinpaprika")
	require.NoError(t, err)
	run := w.start("coingecko")
	require.Equal(t, market.RunRunning, take(t, all, 1)[0].Status)
	w.add(run, "bitcoin", 3)
	require.EqualValues(t, 3, take(t, all, 1)[0].Inserted)
	w.finish(run)
	require.Equal(t, market.RunSucceeded, take(t, all, 1)[0].Status)

	other := w.start("coinpaprika")
	require.Equal(t, other.ID, take(t, paprika, 1)[0].ID, "nothing of another source came before")
	require.Equal(t, other.ID, take(t, all, 1)[0].ID)
}

// Of a run that goes on while the subscriber is busy only the last state comes.
func TestSlowSubscribersGetTheLastStateOfEachRun(t *testing.T) {
	w := newWorld(t)
	slow, err := w.Runs(t.Context(), "")
	require.NoError(t, err)
	quick, err := w.Runs(t.Context(), "")
	require.NoError(t, err)
	run := w.start("coingecko")
	take(t, quick, 1)
	for range 20 {
		w.add(run, "bitcoin", 1)
		take(t, quick, 1)
	}
	w.finish(run)
	require.Equal(t, market.RunSucceeded, take(t, quick, 1)[0].Status)
	take(t, slow, 1) // what it was being handed when it began to be busy
	last := take(t, slow, 1)[0]
	if last.Status != market.RunSucceeded { // the quick one was told of the end a moment sooner
		last = take(t, slow, 1)[0]
	}
	require.Equal(t, market.RunSucceeded, last.Status)
}
