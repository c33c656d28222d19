package postgres_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
)

// drifting runs a source once, with what the run has found of the shape of payloads.
func drifting(t *testing.T, s *postgres.Store, source string, end market.RunEnd) market.Run {
	t.Helper()
	end.Status = market.RunSucceeded
	run, err := s.FinishRun(t.Context(), start(t, s, source).ID, end)
	require.NoError(t, err)
	return run
}

func shape(t *testing.T, s *postgres.Store, source string) []market.PathShape {
	t.Helper()
	b, err := s.Baseline(t.Context(), source, "")
	require.NoError(t, err)
	return b.Shape
}

func TestShapesAreRemembered(t *testing.T) {
	s := newStore(t)
	number, some := map[string]market.Frequency{"number": {Share: 1, Items: 4}}, market.Frequency{Share: 1.0 / 3, Items: 3}
	a := market.PathShape{Path: "a", Frequency: market.Frequency{Share: 1, Items: 4}, Types: number}
	b := market.PathShape{Path: `row["Vol."]`, Frequency: some, Types: map[string]market.Frequency{"null": {}, "string": some}, FirstRunID: 7}
	part := market.PathShape{Part: "x.csv", Path: "a", Frequency: some, Types: number}
	run := drifting(t, s, "coingecko", market.RunEnd{Shape: []market.PathShape{a, b, part}})
	a.LastRunID, b.LastRunID, part.LastRunID = run.ID, run.ID, run.ID
	require.Equal(t, []market.PathShape{a, b, part}, shape(t, s, "coingecko"))

	b.Types, b.Frequency, b.FirstRunID = number, market.Frequency{Share: 0.5, Items: 2}, 0
	c := market.PathShape{Path: "c", Frequency: some, Types: number, FirstRunID: 8}
	run = drifting(t, s, "coingecko", market.RunEnd{Shape: []market.PathShape{b, c}, ShapeGone: []market.PathShape{{Path: "a"}}})
	b.LastRunID, c.LastRunID = run.ID, run.ID
	require.Equal(t, []market.PathShape{c, b, part}, shape(t, s, "coingecko"), "what was not met stays, and the other part too")

	drifting(t, s, "csv", market.RunEnd{ShapeGone: []market.PathShape{c, b, part}})
	drifting(t, s, "coingecko", market.RunEnd{})
	require.Equal(t, []market.PathShape{c, b, part}, shape(t, s, "coingecko"))
	require.Empty(t, shape(t, s, "csv"))
}

func TestDriftsAreKept(t *testing.T) {
	s := newStore(t)
	told := []market.Drift{
		{Path: "current_price", Kind: market.DriftMissingPath, Expected: "null|number", RenameCandidate: "currentPrice", Confidence: 0.95},
		{Part: "x.csv", Path: "a", Kind: market.DriftTypeChanged, Expected: "number", Seen: "string"},
		{Part: "nul \x00", Path: "no UTF-8 \xff", Kind: market.DriftNewPath, Seen: "array", RenameCandidate: "\x00"},
	}
	run := drifting(t, s, "coingecko", market.RunEnd{Drifts: told})
	got, err := s.Drifts(t.Context(), market.DriftFilter{}, market.Window[int64]{Size: 10})
	require.NoError(t, err)
	require.Len(t, got.Items, len(told))
	told[2].Part, told[2].Path, told[2].RenameCandidate = "nul \uFFFD", "no UTF-8 \uFFFD", "\uFFFD"
	for i, d := range got.Items {
		want := told[len(told)-1-i]
		want.ID, want.RunID, want.Source, want.CreatedAt = d.ID, run.ID, "coingecko", *run.FinishedAt
		require.Equal(t, want, d, "newest first")
	}
}

func TestPagingThroughDrifts(t *testing.T) {
	s := newStore(t)
	var runs []market.Run
	for _, source := range seedSources[:2] {
		for range 3 {
			end := market.RunEnd{}
			for n := range 4 {
				kind := []market.DriftKind{market.DriftNewPath, market.DriftMissingPath, market.DriftTypeChanged, market.DriftNewPath}[n]
				end.Drifts = append(end.Drifts, market.Drift{Path: fmt.Sprint(n), Kind: kind})
			}
			runs = append(runs, drifting(t, s, source, end))
		}
	}
	for name, c := range map[string]struct {
		f    market.DriftFilter
		want int
	}{
		"all": {market.DriftFilter{}, 24}, "a source": {market.DriftFilter{Sources: seedSources[:1]}, 12},
		"a kind": {market.DriftFilter{Kinds: []market.DriftKind{market.DriftNewPath}}, 12},
		"kinds":  {market.DriftFilter{Kinds: []market.DriftKind{market.DriftMissingPath, market.DriftTypeChanged}}, 12},
		"runs":   {market.DriftFilter{RunIDs: []int64{runs[1].ID, runs[5].ID}}, 8},
		"all of them": {
			market.DriftFilter{Sources: seedSources[:1], Kinds: []market.DriftKind{market.DriftNewPath, "\x00'"}, RunIDs: []int64{runs[0].ID, runs[5].ID}}, 2,
		},
		"none": {market.DriftFilter{Kinds: []market.DriftKind{}}, 0}, "no runs": {market.DriftFilter{RunIDs: []int64{}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			requirePagedByID(t, c.want, func(d market.Drift) int64 { return d.ID },
				func(w market.Window[int64]) (market.Page[market.Drift], error) { return s.Drifts(t.Context(), c.f, w) },
				func() (int64, error) { return s.CountDrifts(t.Context(), c.f) })
		})
	}
}
