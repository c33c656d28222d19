package ingest_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/ingest"
)

// Whatever comes, an item is counted if it is valid JSON and otherwise not at all, paths can be stored
// and indexed, and an item does not drift from itself.
func FuzzCensus(f *testing.F) {
	for _, seed := range []string{
		`{"id":"bitcoin","quotes":{"USD":{"price":1e-8,"ath":null}},"tags":["a",{"b":[]}]}`, `{"a":1,"a":[[["x"]]]}`,
		`{"\u0061":"\ud83d","":{"*":{"[]":0}}}`, `[{"a":tru}]`, "{\"\xff\x00\":-0.0E+1}", `{"a.b":{"\"]":1},"a":{"b":2}}`, "", "0",
	} {
		f.Add([]byte(seed), []byte(`{"a":{"b":1}}`))
	}
	f.Fuzz(func(t *testing.T, payload, before []byte) {
		var c, b ingest.Census
		b.Add("", before)
		c.Add("", payload)
		c.Add("", []byte(`{"probe":1}`))
		j := c.Judge(runOf(1), nil, true)
		share := 1.0
		if json.Valid(payload) {
			share = 0.5
		}
		for _, s := range j.Shape {
			require.True(t, utf8.ValidString(s.Path))
			require.NotContains(t, s.Path, "\x00")
			require.LessOrEqual(t, len(s.Path), 512)
			require.NotEmpty(t, s.Types)
			if s.Path == "probe" {
				share = max(share, s.Share)
				require.Equal(t, share, s.Share)
			}
		}
		require.Empty(t, c.Judge(runOf(2), j.Shape, true).Drifts)
		known := b.Judge(runOf(1), nil, true).Shape
		require.Empty(t, c.Judge(runOf(2), stored(known, c.Judge(runOf(2), known, true)), true).Drifts)
	})
}
