package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// listingRow is a listing with what decides its asset.
type listingRow struct {
	ID          int64
	SourceID    int16
	Source      string
	ExternalID  string
	Symbol      string
	Name        string
	AssetID     int64
	HomeAssetID int64 // that was made for it; 0 for none
	Method      string
	Confidence  float64
	Reason      string
	Pinned      bool
	Contracts   []string `bun:",array"`
	quoteRow

	same, apart []market.ListingKey
	gone        bool // see silent
	spoken      bool // something was said of another about it
	changed     bool // its name, symbol or contract is not what was stored
}

// quoteRow is the newest that a listing was seen at, as far as it tells which asset it is.
type quoteRow struct {
	Rank         *int32
	PriceUSD     decimal.NullDecimal
	MarketCapUSD decimal.NullDecimal
	ObservedAt   time.Time
}

// selectListings reads listings without their figures.
const selectListings = `SELECT l.id, l.source_id, s.name AS source, l.external_id, l.symbol, l.name, l.asset_id,
		coalesce(l.home_asset_id, 0) AS home_asset_id, l.match_method AS method, l.match_confidence AS confidence,
		l.match_reason AS reason, l.pinned, l.contracts
	FROM listings l JOIN sources s ON s.id = l.source_id `

func (l *listingRow) key() market.ListingKey {
	return market.ListingKey{Source: l.Source, ExternalID: l.ExternalID}
}

func (l *listingRow) listing() market.Listing {
	return market.Listing{
		ID: l.ID, Source: l.Source, ExternalID: l.ExternalID, Symbol: l.Symbol, Name: l.Name, AssetID: l.AssetID,
		Match: market.Match{Method: market.MatchMethod(l.Method), Confidence: l.Confidence, Reason: l.Reason}, Pinned: l.Pinned,
	}
}

func (l *listingRow) evidence() market.Evidence {
	return market.Evidence{
		Listing: l.listing(), Rank: l.Rank, PriceUSD: l.PriceUSD, MarketCapUSD: l.MarketCapUSD, ObservedAt: l.ObservedAt, Gone: l.gone,
		Contracts: l.Contracts, Same: l.same, Apart: l.apart,
	}
}

// silent is how long behind the newest of its source a listing counts as gone: upstreams refresh what they
// list every few minutes, and now and then give a coin another id.
const silent = 3 * time.Hour

func noteGone(rows []listingRow) {
	newest := map[int16]time.Time{}
	for i := range rows {
		if at := rows[i].ObservedAt; at.After(newest[rows[i].SourceID]) {
			newest[rows[i].SourceID] = at
		}
	}
	for i := range rows {
		at := rows[i].ObservedAt
		rows[i].gone = !at.IsZero() && newest[rows[i].SourceID].Sub(at) > silent
	}
}

// loadListings reads every listing with its latest figures and what people said. They are put together
// here, and not by an outer join from a small table to one that may be spread over machines.
func loadListings(ctx context.Context, tx bun.Tx) ([]listingRow, error) {
	var rows []listingRow
	if err := tx.NewRaw(selectListings).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	at := make(map[int64]int, len(rows))
	for i := range rows {
		at[rows[i].ID] = i
	}
	if err := loadQuotes(ctx, tx, rows, at); err != nil {
		return nil, err
	}
	return rows, loadDecisions(ctx, tx, rows, at)
}

// loadQuotes reads plainly: there is a row for every listing, and it is read whenever one is new.
func loadQuotes(ctx context.Context, tx bun.Tx, rows []listingRow, at map[int64]int) error {
	found, err := tx.QueryContext(ctx, "SELECT listing_id, rank, price_usd, market_cap_usd, observed_at FROM latest_records")
	if err != nil {
		return fmt.Errorf("load quotes: %w", err)
	}
	defer func() { _ = found.Close() }() // an error of reading is in Err
	for found.Next() {
		var id int64
		var q quoteRow
		if err := found.Scan(&id, &q.Rank, &q.PriceUSD, &q.MarketCapUSD, &q.ObservedAt); err != nil {
			return fmt.Errorf("load quotes: %w", err)
		}
		if i, known := at[id]; known {
			rows[i].quoteRow = q
		}
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("load quotes: %w", err)
	}
	return nil
}

func loadDecisions(ctx context.Context, tx bun.Tx, rows []listingRow, at map[int64]int) error {
	var decisions []struct {
		ListingID, OtherID int64
		Same               bool
	}
	if err := tx.NewRaw("SELECT listing_id, other_id, same FROM listing_decisions").Scan(ctx, &decisions); err != nil {
		return fmt.Errorf("load decisions: %w", err)
	}
	for _, d := range decisions {
		row, other := &rows[at[d.ListingID]], &rows[at[d.OtherID]]
		other.spoken = true
		if d.Same {
			row.same = append(row.same, other.key())
		} else {
			row.apart = append(row.apart, other.key())
		}
	}
	return nil
}
