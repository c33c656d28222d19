package ingest

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// Normalise judges a page: every item becomes an observation, or a rejection with its reason. It
// is pure, and the order of the items is kept.
func Normalise(sourceName string, page source.Page) market.Batch {
	b := market.Batch{
		Source: sourceName, FetchedAt: page.FetchedAt, Next: page.Next, Effort: page.Effort, BytesFetched: page.Bytes,
		Observations: make([]market.Observation, 0, len(page.Items)),
	}
	now := page.FetchedAt
	if !page.TriedAt.IsZero() { // what was still to come then may have come by now
		now = page.TriedAt
	}
	for i := range page.Items {
		item := &page.Items[i]
		o, reason := observe(item, now)
		if reason != nil {
			b.Rejections = append(b.Rejections, market.Rejection{
				ID: item.Rejection, Source: sourceName, ExternalID: item.ExternalID, Reason: *reason, Payload: item.Payload,
			})
			continue
		}
		if item.Rejection != 0 {
			b.Resolves = append(b.Resolves, item.Rejection)
		}
		b.Observations = append(b.Observations, o)
	}
	return b
}

func observe(item *source.Item, now time.Time) (market.Observation, *market.Reason) {
	if reason := item.Unfit(now); reason != nil {
		return market.Observation{}, reason
	}
	if reason := unstorable(item.Payload); reason != nil {
		return market.Observation{}, reason
	}
	figures, reason := readFigures(item.Amounts)
	if reason != nil {
		return market.Observation{}, reason
	}
	sum := sha256.Sum256(item.Payload)
	return market.Observation{
		ExternalID: item.ExternalID,
		Symbol:     strings.ToUpper(strings.TrimSpace(item.Symbol)),
		Name:       strings.TrimSpace(item.Name),
		Contracts:  item.Contracts,
		ObservedAt: item.ObservedAt.UTC().Truncate(time.Microsecond),
		Figures:    figures, Payload: item.Payload, PayloadHash: [16]byte(sum[:16]),
	}, nil
}

func tooManyRejected(b market.Batch) error {
	rejected, all := len(b.Rejections), len(b.Rejections)+len(b.Observations)
	if !source.MostlyBad(rejected, all) {
		return nil
	}
	first := b.Rejections[0]
	return fmt.Errorf("%d of %d items of a page cannot be read (the first, %q: %s: %s); nothing of the page was stored: has the upstream changed?",
		rejected, all, first.ExternalID, first.Reason.Code, first.Reason.Detail)
}
