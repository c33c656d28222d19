package coinpaprika

import (
	"context"
	"encoding/json"
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
	freeHost = "api.coinpaprika.com"

	// mostPoints is what one request may ask for; a few less go into a chunk.
	mostPoints  = 5000
	chunkPoints = 4800
)

// History yields the points of GET /tickers/{id}/historical: one a day, or with a key one an hour.
// Beyond the plan it fails before anything is asked. A coin that CoinPaprika does not know is a page
// of one item with a problem.
func (s *Source) History(ctx context.Context, span source.Span, since market.Cursor) iter.Seq2[source.Page, error] {
	if err := s.beyondPlan(span, time.Now()); err != nil {
		return func(yield func(source.Page, error) bool) { yield(source.Page{}, err) }
	}
	_, step := s.interval()
	return span.Walk(ctx, s.Name(), since, chunkPoints*step, s.historical)
}

// beyondPlan refuses what the free API would refuse. What a base URL of one's own allows, only it knows.
func (s *Source) beyondPlan(span source.Span, now time.Time) error {
	oldest := now.UTC().AddDate(-1, 0, 0)
	if base, err := url.Parse(s.opts.BaseURL); err != nil || base.Hostname() != freeHost || !span.From.Before(oldest) {
		return nil
	}
	return fmt.Errorf("history from %s is beyond CoinPaprika's free API, which goes back a year: begin at --from %s or later, "+
		"or set COINPAPRIKA_API_KEY to the key of a paid plan, and no COINPAPRIKA_BASE_URL",
		span.From.UTC().Format(time.RFC3339), oldest.AddDate(0, 0, 1).Format(time.DateOnly))
}

// interval is the finest that the plan has for a year, by its name and its length.
func (s *Source) interval() (string, time.Duration) {
	if s.opts.APIKey == "" {
		return "1d", 24 * time.Hour
	}
	return "1h", time.Hour
}

// historical asks for one chunk.
func (s *Source) historical(ctx context.Context, c source.Chunk) (source.Page, error) {
	interval, _ := s.interval()
	address := fmt.Sprintf("%s/tickers/%s/historical?start=%s&end=%s&interval=%s&limit=%d", s.opts.BaseURL, url.PathEscape(c.ID),
		c.From.Format(time.RFC3339), c.To.Format(time.RFC3339), interval, mostPoints)
	resp, err := s.opts.Client.Get(ctx, address, s.header)
	if failed, is := errors.AsType[*upstream.Error](err); is && failed.Status == http.StatusNotFound {
		page := source.Page{Items: []source.Item{c.Unknown(failed.Message)}, FetchedAt: time.Now().UTC()}
		page.Retries, page.Waits, page.Waited = failed.Effort()
		return page, nil
	}
	if err != nil {
		return source.Page{}, err
	}
	elements, err := resp.Array()
	if err != nil {
		return source.Page{}, err
	}
	page := source.Page{FetchedAt: resp.FetchedAt, Effort: market.Effort(resp.Effort), Bytes: int64(len(resp.Body))}
	for _, element := range elements {
		page.Items = append(page.Items, item(payload(c.ID, element)))
	}
	page.Items = c.Keep(page.Items)
	return page, nil
}

func payload(id string, element json.RawMessage) []byte {
	name, err := json.Marshal(id)
	if err != nil {
		panic(fmt.Sprintf("coinpaprika: a text cannot be written as JSON: %v", err))
	}
	return fmt.Appendf(nil, `{"id":%s,"historical":%s}`, name, element)
}

// point reads one element of a history. CoinPaprika says 0 where it does not know a market cap.
func point(ticker source.Object, payload []byte) source.Item {
	past := ticker.Object("historical")
	return source.Item{
		ExternalID: ticker.ID("id"),
		ObservedAt: past.Time("timestamp"),
		Amounts: source.Amounts{
			Price: past.Number("price"), MarketCap: past.Known("market_cap"), Volume24h: past.Number("volume_24h"),
		},
		Payload: payload,
		Problem: ticker.Problem(),
	}
}
