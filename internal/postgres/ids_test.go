package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// requirePagedByID walks a list in falling order of an id, both ways and by numbered pages.
func requirePagedByID[T any](t *testing.T, want int, id func(T) int64, read func(market.Window[int64]) (market.Page[T], error), count func() (int64, error)) {
	t.Helper()
	forwards := walk(t, market.Window[int64]{Size: 4}, id, read, nil)
	require.Len(t, forwards, want)
	for i := 1; i < len(forwards); i++ {
		require.Less(t, id(forwards[i]), id(forwards[i-1]))
	}
	require.Equal(t, forwards, walk(t, market.Window[int64]{Size: 3, Backward: true}, id, read, nil))
	n, err := count()
	require.NoError(t, err)
	require.EqualValues(t, want, n)
	second, err := read(market.Window[int64]{Size: 4, Skip: 4})
	require.NoError(t, err)
	require.Len(t, second.Items, min(4, max(0, want-4)))
	require.Equal(t, want > 8, second.More)
	for i, item := range second.Items {
		require.Equal(t, id(forwards[4+i]), id(item))
	}
}

func TestPagingThroughRuns(t *testing.T) {
	s := newStore(t)
	for n := range 9 {
		for _, source := range seedSources[:2] {
			run := start(t, s, source)
			status := []market.RunStatus{market.RunSucceeded, market.RunFailed, market.RunPartial}[n%3]
			_, err := s.FinishRun(t.Context(), run.ID, market.RunEnd{Status: status, Error: "why"})
			require.NoError(t, err)
		}
	}
	_, err := s.StartRun(t.Context(), slotOf("alpha", noon))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		f    market.RunFilter
		want int
	}{
		"all": {market.RunFilter{}, 19}, "a source": {market.RunFilter{Sources: []string{"alpha", "nobody\x00"}}, 10},
		"statuses": {market.RunFilter{Statuses: []market.RunStatus{market.RunFailed, market.RunRunning}}, 7},
		"triggers": {market.RunFilter{Triggers: []market.Trigger{market.TriggerManual}}, 18},
		"both":     {market.RunFilter{Sources: seedSources[:1], Statuses: []market.RunStatus{market.RunPartial}}, 3},
		"none":     {market.RunFilter{Statuses: []market.RunStatus{}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			requirePagedByID(t, c.want, func(r market.Run) int64 { return r.ID },
				func(w market.Window[int64]) (market.Page[market.Run], error) { return s.Runs(t.Context(), c.f, w) },
				func() (int64, error) { return s.CountRuns(t.Context(), c.f) })
		})
	}
}
