package live

import (
	"context"
	"time"

	"github.com/kasparro/kasparro/graph/model"
)

// Past is what those who catch up read.
type Past struct{ *past }

// NewPast makes it with bounds and a load that tells the version it came to and how many records it found.
func NewPast(most int, age time.Duration, load func(after int64) (version int64, records int)) Past {
	p := newPast(func(_ context.Context, after int64) (news, error) {
		version, records := load(after)
		return news{version: version, records: make([]*model.Record, records)}, nil
	})
	p.most, p.age = most, age
	return Past{p}
}

// Ask asks for what came after a version.
func (p Past) Ask(ctx context.Context, version int64) error {
	_, err := p.after(ctx, version)
	return err
}

// Kept is how many records are kept.
func (p Past) Kept() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.records
}
