// Package coinpaprika reads CoinPaprika's API v1: the present from GET /tickers, one list of all coins
// in no order, and history from GET /tickers/{id}/historical.
package coinpaprika

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"iter"
	"net/http"
	"strings"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/upstream"
)

const (
	freeURL = "https://api.coinpaprika.com/v1"
	proURL  = "https://api-pro.coinpaprika.com/v1"
)

// Options of the source.
type Options struct {
	BaseURL   string // where /tickers is found; empty for the free API, or with a key the paid one
	APIKey    string // empty for none
	PageItems int    // tickers on a page; 0 means 500
	Client    *upstream.Client
}

// Source is CoinPaprika. The API answers with everything at once, and the source cuts that into
// pages. Its cursor says how much of which answer is done.
type Source struct {
	opts   Options
	header http.Header
}

type cursor struct {
	Answer string `json:"answer,omitempty"` // a hash of the list; empty behind its end
	Offset int    `json:"offset"`           // tickers of it that are done
}

// New makes the source.
func New(o Options) *Source {
	s := &Source{opts: o, header: http.Header{}}
	base := freeURL
	if o.APIKey != "" {
		base = proURL
		s.header.Set("Authorization", o.APIKey)
	}
	s.opts.BaseURL = strings.TrimRight(cmp.Or(o.BaseURL, base), "/")
	s.opts.PageItems = cmp.Or(o.PageItems, 500)
	return s
}

// Name is "coinpaprika".
func (s *Source) Name() string { return "coinpaprika" }

// Kind is market.KindAPI.
func (s *Source) Kind() string { return market.KindAPI }

// Item reads a coin again, of the present or of history.
func (s *Source) Item(payload []byte) source.Item { return item(payload) }

// Extract gets the list, and goes on in it where the cursor is of the very same list.
func (s *Source) Extract(ctx context.Context, since market.Cursor) iter.Seq2[source.Page, error] {
	return func(yield func(source.Page, error) bool) {
		resp, tickers, err := s.tickers(ctx)
		answer := hash(resp.Body)
		at := start(since, answer, len(tickers))
		page := source.Page{FetchedAt: resp.FetchedAt, Effort: market.Effort(resp.Effort), Bytes: int64(len(resp.Body)), First: at == 0}
		if err == nil && len(tickers) == 0 { // there are always coins: something is wrong over there
			page.Next, page.Incomplete = source.JSONCursor(cursor{}), "GET /tickers: the list is empty"
			yield(page, nil)
			return
		}
		for err == nil && at < len(tickers) {
			end := min(at+s.opts.PageItems, len(tickers))
			page.Items = items(tickers[at:end])
			page.Next = source.JSONCursor(cursor{Answer: answer, Offset: end})
			page.Share = float64(end) / float64(len(tickers))
			if end == len(tickers) {
				page.Next = source.JSONCursor(cursor{})
			}
			if !yield(page, nil) {
				return
			}
			at, page = end, source.Page{FetchedAt: resp.FetchedAt} // what the request cost is told once
			if at < len(tickers) {
				err = ctx.Err()
			}
		}
		if err != nil {
			yield(source.Page{}, err)
		}
	}
}

func (s *Source) tickers(ctx context.Context) (upstream.Response, []json.RawMessage, error) {
	resp, err := s.opts.Client.Get(ctx, s.opts.BaseURL+"/tickers?quotes=USD", s.header)
	if err != nil {
		return resp, nil, err
	}
	tickers, err := resp.Array()
	return resp, tickers, err
}

func hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

// start is the offset of a cursor into this answer, or else the beginning.
func start(since market.Cursor, answer string, length int) int {
	var at cursor
	if json.Unmarshal([]byte(since), &at) != nil || at.Answer != answer || at.Offset < 0 || at.Offset >= length {
		return 0
	}
	return at.Offset
}

func items(tickers []json.RawMessage) []source.Item {
	all := make([]source.Item, 0, len(tickers))
	for _, ticker := range tickers {
		all = append(all, item(ticker))
	}
	return all
}

// item reads one ticker, of the present or of history. CoinPaprika says 0 where it does not know a
// supply, a market cap or a rank.
func item(payload []byte) source.Item {
	ticker := source.NewObject(payload)
	switch {
	case ticker.Has("historical"):
		return point(ticker, payload)
	case ticker.Has(source.ProblemUnknownCoin):
		return source.UnknownCoin(payload)
	}
	usd := ticker.Object("quotes").Object("USD")
	return source.Item{
		ExternalID: ticker.ID("id"),
		Symbol:     ticker.Text("symbol"),
		Name:       ticker.Text("name"),
		Contracts:  ticker.Contracts(),
		ObservedAt: ticker.Time("last_updated"),
		Amounts: source.Amounts{
			Price:             usd.Number("price"),
			MarketCap:         usd.Known("market_cap"),
			Volume24h:         usd.Number("volume_24h"),
			PercentChange1h:   usd.Number("percent_change_1h"),
			PercentChange24h:  usd.Number("percent_change_24h"),
			PercentChange7d:   usd.Number("percent_change_7d"),
			Rank:              ticker.Known("rank"),
			CirculatingSupply: ticker.Known("circulating_supply"),
			TotalSupply:       ticker.Known("total_supply"),
			MaxSupply:         ticker.Known("max_supply"),
		},
		Payload: payload,
		Problem: ticker.Problem(),
	}
}
