// Package coingecko reads CoinGecko's API v3: the present from GET /coins/markets, page by page, and
// history from GET /coins/{id}/market_chart/range.
package coingecko

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/upstream"
)

const (
	freeURL = "https://api.coingecko.com/api/v3"
	proHost = "pro-api.coingecko.com"

	// Burst is what even the plan without a key allows at once.
	Burst = 5

	// resumeWithin is how long a list that was left in the middle is gone on with.
	resumeWithin = 4 * time.Minute
)

// Options of the source.
type Options struct {
	BaseURL  string // where /coins/markets is found; empty for the free API
	APIKey   string // a demo key, or a pro key where BaseURL is the pro API; empty for none
	Pages    int    // pages to get at most, at least 1
	PageSize int    // coins on a page, 1 to 250; 0 means 250
	Client   *upstream.Client
}

// Source is CoinGecko. Its cursor names the page to get next; behind the last page it begins anew.
type Source struct {
	opts   Options
	header http.Header
}

type cursor struct {
	Page int   `json:"page"`         // to get next
	At   int64 `json:"at,omitempty"` // when the page before it was fetched, in seconds since 1970
}

// New makes the source.
func New(o Options) *Source {
	o.BaseURL = strings.TrimRight(cmp.Or(o.BaseURL, freeURL), "/")
	o.PageSize = cmp.Or(o.PageSize, 250)
	s := &Source{opts: o, header: http.Header{}}
	if o.APIKey != "" {
		s.header.Set(keyHeader(o.BaseURL), o.APIKey)
	}
	return s
}

// keyHeader is the header that the vendor documents for a key of this API.
func keyHeader(base string) string {
	if u, err := url.Parse(base); err == nil && u.Hostname() == proHost {
		return "x-cg-pro-api-key"
	}
	return "x-cg-demo-api-key"
}

// Name is "coingecko".
func (s *Source) Name() string { return "coingecko" }

// Kind is market.KindAPI.
func (s *Source) Kind() string { return market.KindAPI }

// Item reads a coin again, of the present or of history.
func (s *Source) Item(payload []byte) source.Item { return item(payload) }

// Extract yields a page for each page of the API, up to the first that is shorter than asked.
func (s *Source) Extract(ctx context.Context, since market.Cursor) iter.Seq2[source.Page, error] {
	return func(yield func(source.Page, error) bool) {
		for number, last := s.start(since), false; !last; number++ {
			page, err := s.page(ctx, number)
			if err != nil {
				yield(source.Page{}, fmt.Errorf("page %d: %w", number, err))
				return
			}
			next := cursor{Page: number + 1, At: page.FetchedAt.Unix()}
			if last = len(page.Items) < s.opts.PageSize || number >= s.opts.Pages; last {
				next = cursor{Page: 1}
			}
			page.Next = source.JSONCursor(next)
			if page.Share = float64(number) / float64(s.opts.Pages); last {
				page.Share = 1
			}
			if number == 1 && len(page.Items) == 0 { // there are always coins: something is wrong over there
				page.Incomplete = "page 1 of GET /coins/markets is empty"
			}
			if !yield(page, nil) {
				return
			}
		}
	}
}

// start is the page that the cursor names, or else the first. A cursor that is older than the
// answers are good for counts for nothing: a page that fails again and again must not keep the
// pages before it from being refreshed.
func (s *Source) start(since market.Cursor) int {
	var at cursor
	if json.Unmarshal([]byte(since), &at) != nil || at.Page < 1 || at.Page > s.opts.Pages ||
		time.Since(time.Unix(at.At, 0)) > resumeWithin {
		return 1
	}
	return at.Page
}

func (s *Source) page(ctx context.Context, number int) (source.Page, error) {
	address := fmt.Sprintf("%s/coins/markets?vs_currency=usd&order=market_cap_desc&per_page=%d&page=%d"+
		"&sparkline=false&price_change_percentage=1h,24h,7d", s.opts.BaseURL, s.opts.PageSize, number)
	resp, err := s.opts.Client.Get(ctx, address, s.header)
	if err != nil {
		return source.Page{}, err
	}
	coins, err := resp.Array()
	if err != nil {
		return source.Page{}, err
	}
	page := source.Page{FetchedAt: resp.FetchedAt, Effort: market.Effort(resp.Effort), Bytes: int64(len(resp.Body)), First: number == 1}
	for _, coin := range coins {
		page.Items = append(page.Items, item(coin))
	}
	return page, nil
}

// item reads one coin, of the present or of history. CoinGecko says null where it does not know, and
// a market cap of 0 where it does not know the rank either.
func item(payload []byte) source.Item {
	coin := source.NewObject(payload)
	switch {
	case coin.Has("chart"):
		return point(coin, payload)
	case coin.Has(source.ProblemUnknownCoin):
		return source.UnknownCoin(payload)
	}
	it := source.Item{
		ExternalID: coin.ID("id"),
		Symbol:     coin.Text("symbol"),
		Name:       coin.Text("name"),
		Contracts:  coin.Contracts(),
		ObservedAt: coin.Time("last_updated"),
		Amounts: source.Amounts{
			Price:            coin.Number("current_price"),
			High:             coin.Number("high_24h"),
			Low:              coin.Number("low_24h"),
			MarketCap:        coin.Number("market_cap"),
			Volume24h:        coin.Number("total_volume"),
			PercentChange1h:  coin.Number("price_change_percentage_1h_in_currency"),
			PercentChange24h: coin.Number("price_change_percentage_24h_in_currency"),
			PercentChange7d:  coin.Number("price_change_percentage_7d_in_currency"),
			Rank:             coin.Number("market_cap_rank"),

			CirculatingSupply: coin.Number("circulating_supply"),
			TotalSupply:       coin.Number("total_supply"),
			MaxSupply:         coin.Number("max_supply"),
		},
		Payload: payload,
	}
	it.PercentChange24h = cmp.Or(it.PercentChange24h, coin.Number("price_change_percentage_24h"))
	if it.Rank == "" {
		it.MarketCap = coin.Known("market_cap")
	}
	it.Problem = coin.Problem()
	return it
}
