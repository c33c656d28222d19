package ingest_test

import (
	"context"
	"iter"
	"testing"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/source"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// script is a source that says what the test wants it to say. The cursor is the index of a step.
type script struct {
	steps []func(ctx context.Context) (source.Page, error)
}

func (*script) Name() string { return "script" }
func (*script) Kind() string { return market.KindAPI }

func (s *script) Extract(ctx context.Context, _ market.Cursor) iter.Seq2[source.Page, error] {
	return func(yield func(source.Page, error) bool) {
		for _, step := range s.steps {
			page, err := step(ctx)
			if !yield(page, err) || err != nil {
				return
			}
		}
	}
}

func (s *script) Item(payload []byte) source.Item { return source.Item{Payload: payload} }
