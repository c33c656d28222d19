package sourcetest

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source"
)

// FuzzItem fuzzes Source.Item: whatever the payload, the item holds it as it came, its amounts are
// numbers, and what has no problem is of something and of some time.
func FuzzItem(f *testing.F, s source.Source, seeds ...[]byte) {
	f.Helper()
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		came := bytes.Clone(payload)
		item := s.Item(payload)
		require.Equal(t, string(came), string(item.Payload), "the payload is another one")
		for name, text := range amounts(item.Amounts) {
			require.True(t, text == "" || isNumber(text), "%s is %q", name, text)
		}
		require.Equal(t, time.UTC, item.ObservedAt.Location())
		if item.Problem != nil {
			require.NotEmpty(t, item.Problem.Code)
			require.NotEmpty(t, item.Problem.Detail)
			return
		}
		require.NotEmpty(t, strings.TrimSpace(item.ExternalID))
		require.False(t, item.ObservedAt.IsZero())
	})
}

// isNumber tells whether a text is a decimal number, of any size.
func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return strings.Trim(text, "+-.0123456789eE") == "" && (err == nil || errors.Is(err, strconv.ErrRange))
}
