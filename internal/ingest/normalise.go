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
		Source: sourceName, FetchedAt: page.FetchedAt, Next: page.Next, Retries: page.Retries, BytesFetched: page.Bytes,
		Observations: make([]market.Observation, 0, len(page.Items)),
	}
	for i := range page.Items {
		item := &page.Items[i]
		o, reason := observe(item, page.FetchedAt)
		if reason != nil {
			b.Rejections = append(b.Rejections, market.Rejection{
				Source: sourceName, ExternalID: item.ExternalID, Reason: *reason, Payload: item.Payload,
			})
			continue
		}
		b.Observations = append(b.Observations, o)
	}
	return b
}

func observe(item *source.Item, now time.Time) (market.Observation, *market.Reason) {
	if item.Problem != nil {
		return market.Observation{}, item.Problem
	}
	if reason := badNames(item); reason != nil {
		return market.Observation{}, reason
	}
	if reason := unstorable(item.Payload); reason != nil {
		return market.Observation{}, reason
	}
	if reason := badTime(item.ObservedAt, now); reason != nil {
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
		ObservedAt: item.ObservedAt.UTC().Truncate(time.Microsecond),
		Figures:    figures, Payload: item.Payload, PayloadHash: [16]byte(sum[:16]),
	}, nil
}

// Names are indexed, and an index entry must fit a third of an 8 kB page.
const maxNameBytes = 512

func badNames(item *source.Item) *market.Reason {
	if item.ExternalID == "" {
		return &market.Reason{Code: "missing_external_id", Field: "external_id", Detail: "the item does not say which asset it is of"}
	}
	for _, n := range []struct{ field, text string }{
		{"external_id", item.ExternalID}, {"symbol", item.Symbol}, {"name", item.Name},
	} {
		if len(n.text) > maxNameBytes {
			return &market.Reason{Code: "out_of_range", Field: n.field, Detail: fmt.Sprintf("it has %d bytes, at most %d are kept", len(n.text), maxNameBytes)}
		}
	}
	return nil
}

func badTime(at, now time.Time) *market.Reason {
	switch {
	case at.IsZero():
		return &market.Reason{Code: "missing_time", Field: "observed_at", Detail: "the source gives no time for this item"}
	case at.After(now.Add(source.FutureSlack)):
		return &market.Reason{Code: "future_time", Field: "observed_at", Detail: fmt.Sprintf(
			"%s lies more than %s ahead of %s, when it was fetched", at.UTC().Format(time.RFC3339), source.FutureSlack, now.UTC().Format(time.RFC3339))}
	case at.Year() < 1970:
		return &market.Reason{Code: "bad_time", Field: "observed_at", Detail: at.UTC().Format(time.RFC3339) + " lies before 1970"}
	}
	return nil
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
