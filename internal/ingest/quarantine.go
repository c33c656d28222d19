package ingest

import (
	"context"
	"iter"
	"time"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// Quarantined makes a source of the items of a source that wait in quarantine: Extract yields each of
// them once, read again by the source. It is meant to be run along market.StreamQuarantine.
//
// waiting returns the first of those that come behind an id and wait, in the order of their ids, or
// none at the end. It decides how many are held in memory.
func Quarantined(src source.Source, waiting func(ctx context.Context, after int64) ([]market.Rejection, error)) source.Source {
	return &quarantined{Source: src, waiting: waiting}
}

type quarantined struct {
	source.Source
	waiting func(ctx context.Context, after int64) ([]market.Rejection, error)
}

// Extract yields pages that leave the checkpoint where it is: what waits says itself where to go on.
func (q *quarantined) Extract(ctx context.Context, _ market.Cursor) iter.Seq2[source.Page, error] {
	return func(yield func(source.Page, error) bool) {
		for after := int64(0); ; {
			list, err := q.waiting(ctx, after)
			if err != nil {
				yield(source.Page{}, err)
				return
			}
			if len(list) == 0 {
				return
			}
			after = list[len(list)-1].ID
			for len(list) > 0 {
				n := fetchedTogether(list)
				if !yield(q.page(list[:n]), nil) {
					return
				}
				list = list[n:]
			}
		}
	}
}

// fetchedTogether returns how many at the beginning were put into quarantine at the same time.
func fetchedTogether(list []market.Rejection) int {
	n := 1
	for n < len(list) && list[n].CreatedAt.Equal(list[0].CreatedAt) {
		n++
	}
	return n
}

func (q *quarantined) page(list []market.Rejection) source.Page {
	page := source.Page{FetchedAt: list[0].CreatedAt, TriedAt: time.Now().UTC(), Items: make([]source.Item, len(list))}
	for i, r := range list {
		page.Items[i] = q.Item(r.Payload)
		page.Items[i].Rejection = r.ID
	}
	return page
}
