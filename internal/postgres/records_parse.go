package postgres

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// parseRecord takes a row apart that readRow has put together. The record's texts are parts of it.
func parseRecord(row string) (market.Record, error) {
	p := rowParser{rest: row}
	r := market.Record{
		RecordKey: market.RecordKey{ListingID: p.number(), ObservedAt: p.instant()},
		AssetID:   p.number(), Source: p.next(),
	}
	a := &r.Amounts
	for _, into := range []*market.Amount{
		&a.PriceUSD, &a.OpenUSD, &a.HighUSD, &a.LowUSD, &a.MarketCapUSD, &a.Volume24hUSD, &a.PercentChange1h, &a.PercentChange24h, &a.PercentChange7d,
	} {
		*into = market.NewAmount(p.next())
	}
	r.Rank = p.rank()
	a.CirculatingSupply, a.TotalSupply, a.MaxSupply = market.NewAmount(p.next()), market.NewAmount(p.next()), market.NewAmount(p.next())
	r.RawID, r.RunID, r.IngestedAt = p.number(), p.number(), p.instant()
	r.ExternalID = p.rest
	if p.wrong {
		return market.Record{}, fmt.Errorf("a record cannot be read: %q", row)
	}
	return r, nil
}

type rowParser struct {
	rest  string
	wrong bool
}

func (p *rowParser) next() (part string) {
	part, rest, more := strings.Cut(p.rest, "\x1f")
	p.rest, p.wrong = rest, p.wrong || !more
	return part
}

func (p *rowParser) number() int64 {
	n, err := strconv.ParseInt(p.next(), 10, 64)
	p.wrong = p.wrong || err != nil
	return n
}

func (p *rowParser) instant() time.Time { return time.UnixMicro(p.number()).UTC() }

// rank is nil where there is none.
func (p *rowParser) rank() *int32 {
	text := p.next()
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	p.wrong = p.wrong || err != nil
	rank := int32(n)
	return &rank
}
