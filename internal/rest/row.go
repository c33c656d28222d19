package rest

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kasparro/kasparro/internal/market"
)

// dataRow is a record with its asset.
type dataRow struct {
	ID               string    `json:"id"`
	EntityName       string    `json:"entity_name" doc:"Name of the asset"`
	Value            number    `json:"value" doc:"The price in US dollars, as a number"`
	EventTimestamp   time.Time `json:"event_timestamp" doc:"The source's own time, UTC"`
	Source           string    `json:"source"`
	ExternalID       string    `json:"external_id" doc:"How the source identifies the asset"`
	Asset            string    `json:"asset" doc:"Slug of the asset"`
	Symbol           string    `json:"symbol"`
	PriceUSD         string    `json:"price_usd" doc:"The price in US dollars, exact"`
	MarketCapUSD     *string   `json:"market_cap_usd"`
	Volume24hUSD     *string   `json:"volume_24h_usd"`
	PercentChange24h *string   `json:"percent_change_24h"`
	Rank             *int32    `json:"rank"`
	IngestedAt       time.Time `json:"ingested_at" doc:"When it was stored or last changed, UTC"`
}

// number is an amount written as a JSON number, digit by digit.
type number struct{ market.Amount }

// MarshalJSON writes the amount without quotes and without an exponent.
func (n number) MarshalJSON() ([]byte, error) { return []byte(n.String()), nil }

// Schema says that it is a number; by its methods it would look like text.
func (number) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeNumber} }

// dataRows joins the records with their assets, which are looked up all at once.
func (s *service) dataRows(ctx context.Context, records []market.Record) ([]dataRow, error) {
	assets, err := s.assetsOf(ctx, records)
	if err != nil {
		return nil, err
	}
	rows := make([]dataRow, len(records))
	for i, r := range records {
		rows[i] = newDataRow(r, assets[r.AssetID])
	}
	return rows, nil
}

func newDataRow(r market.Record, a market.Asset) dataRow {
	return dataRow{
		ID: r.GlobalID(), EntityName: a.Name, Value: number{r.PriceUSD}, EventTimestamp: r.ObservedAt.UTC(),
		Source: r.Source, ExternalID: r.ExternalID, Asset: a.Slug, Symbol: a.Symbol,
		PriceUSD: r.PriceUSD.String(), MarketCapUSD: r.MarketCapUSD.Null(), Volume24hUSD: r.Volume24hUSD.Null(),
		PercentChange24h: r.PercentChange24h.Null(), Rank: r.Rank, IngestedAt: r.IngestedAt.UTC(),
	}
}

func (s *service) assetsOf(ctx context.Context, records []market.Record) (map[int64]market.Asset, error) {
	byID := make(map[int64]market.Asset, len(records))
	var ids []int64
	for _, r := range records {
		if _, seen := byID[r.AssetID]; !seen {
			byID[r.AssetID] = market.Asset{}
			ids = append(ids, r.AssetID)
		}
	}
	if len(ids) == 0 {
		return byID, nil
	}
	assets, err := s.Reader.AssetsByID(ctx, ids)
	for _, a := range assets {
		byID[a.ID] = a
	}
	return byID, err
}
