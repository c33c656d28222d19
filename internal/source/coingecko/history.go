package coingecko

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/upstream"
)

const (
	freeHost = "api.coingecko.com"
	day      = 24 * time.Hour

	// freeHistory is how far back the free API goes.
	freeHistory = 365 * day
	// mostHistory is the widest range that is answered with a point an hour; beyond, it is one a day.
	mostHistory = 90 * day
)

// History yields the points of GET /coins/{id}/market_chart/range, a page for each 90 days of a coin.
// Beyond the plan it fails before anything is asked. A coin that CoinGecko does not know is a page of
// one item with a problem.
func (s *Source) History(ctx context.Context, span source.Span, since market.Cursor) iter.Seq2[source.Page, error] {
	if err := s.beyondPlan(span, time.Now()); err != nil {
		return func(yield func(source.Page, error) bool) { yield(source.Page{}, err) }
	}
	return span.Walk(ctx, s.Name(), since, mostHistory, s.chart)
}

// beyondPlan refuses what the free API would refuse. What a base URL of one's own allows, only it knows.
func (s *Source) beyondPlan(span source.Span, now time.Time) error {
	oldest := now.UTC().Add(-freeHistory)
	if base, err := url.Parse(s.opts.BaseURL); err != nil || base.Hostname() != freeHost || !span.From.Before(oldest) {
		return nil
	}
	return fmt.Errorf("history from %s is beyond CoinGecko's free API, which goes back 365 days: begin at --from %s or later, "+
		"or set COINGECKO_BASE_URL=https://%s/api/v3 and COINGECKO_API_KEY to the key of a paid plan",
		span.From.UTC().Format(time.RFC3339), oldest.Add(day).Format(time.DateOnly), proHost)
}

// chart asks for one chunk.
func (s *Source) chart(ctx context.Context, c source.Chunk) (source.Page, error) {
	address := fmt.Sprintf("%s/coins/%s/market_chart/range?vs_currency=usd&from=%d&to=%d",
		s.opts.BaseURL, url.PathEscape(c.ID), c.From.Unix(), c.To.Unix())
	resp, err := s.opts.Client.Get(ctx, address, s.header)
	if failed, is := errors.AsType[*upstream.Error](err); is && failed.Status == http.StatusNotFound {
		page := source.Page{Items: []source.Item{c.Unknown(failed.Message)}, FetchedAt: time.Now().UTC()}
		page.Retries, page.Waits, page.Waited = failed.Effort()
		return page, nil
	}
	if err != nil {
		return source.Page{}, err
	}
	page := source.Page{FetchedAt: resp.FetchedAt, Effort: market.Effort(resp.Effort), Bytes: int64(len(resp.Body))}
	if page.Items, err = points(c.ID, resp.Body); err != nil {
		return source.Page{}, fmt.Errorf("GET %s/coins/%s/market_chart/range: %w", s.opts.BaseURL, c.ID, err)
	}
	page.Items = c.Keep(page.Items)
	return page, nil
}
