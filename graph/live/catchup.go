package live

import (
	"context"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

// catchUp sends what was added from where the subscriber stands on, until it can join the others.
func (s *recordSubscriber) catchUp(ctx context.Context, out chan<- *model.Record) error {
	for {
		n, err := s.feed.past.behind(ctx, s.at.Version-1)
		if err != nil {
			return err
		}
		if n.version > 0 {
			if !s.send(ctx, out, s.matching(n, s.at)) {
				return ctx.Err()
			}
			s.at = market.Position{Version: n.version + 1}
		}
		if joined, err := s.feed.join(s); joined || err != nil {
			return err
		}
	}
}
