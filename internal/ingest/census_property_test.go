package ingest_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
)

// value makes JSON of few keys, so that they meet again.
func value(depth int) *rapid.Generator[any] {
	plain := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), toAny), rapid.Map(rapid.Float64Range(-9, 9), toAny),
		rapid.Map(rapid.StringN(0, 3, -1), toAny))
	if depth == 0 {
		return plain
	}
	key := rapid.SampledFrom([]string{"a", "b", "price", "Price", "a.b", "", "*", "[]", `"`, "x y"})
	return rapid.OneOf(plain,
		rapid.Map(rapid.SliceOfN(value(depth-1), 0, 3), toAny),
		rapid.Map(rapid.MapOfN(key, value(depth-1), 0, 5), toAny))
}

func toAny[T any](v T) any { return v }

func payloads(t *rapid.T, name string) []string {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 9).Draw(t, "broken") == 0 {
			return `{"a":1,"broken":[`
		}
		text, err := json.Marshal(value(3).Draw(t, "value"))
		require.NoError(t, err)
		return string(text)
	}), 1, 12).Draw(t, name)
}

func TestTheOrderOfItemsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := census(payloads(t, "before")...).Judge(runOf(1), nil, true).Shape
		now := payloads(t, "now")
		whole := rapid.Bool().Draw(t, "whole")
		other := rapid.Permutation(slices.Clone(now)).Draw(t, "order")
		require.Equal(t, census(now...).Judge(runOf(2), known, whole), census(other...).Judge(runOf(2), known, whole))
	})
}

func TestPayloadsDoNotDriftFromThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := census(payloads(t, "payloads")...)
		first := c.Judge(runOf(1), nil, true)
		require.Equal(t, ingest.Judgement{Shape: first.Shape}, c.Judge(runOf(1), first.Shape, true))
	})
}

// What was told once is not told again, once it is stored as a run stores it.
func TestADriftIsToldOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := census(payloads(t, "before")...).Judge(runOf(1), nil, true).Shape
		c := census(payloads(t, "now")...)
		whole := rapid.Bool().Draw(t, "whole")
		j := c.Judge(runOf(2), known, whole)
		known = stored(known, j)
		again := c.Judge(runOf(2), known, whole)
		require.Empty(t, again.Drifts)
		require.Empty(t, again.Gone)
		require.Equal(t, j.Shape, again.Shape)
	})
}

// stored is what is known after a run.
func stored(known []market.PathShape, j ingest.Judgement) []market.PathShape {
	left := slices.DeleteFunc(slices.Clone(known), func(k market.PathShape) bool {
		return slices.ContainsFunc(slices.Concat(j.Gone, j.Shape), func(g market.PathShape) bool { return g.Path == k.Path })
	})
	return append(left, j.Shape...)
}
