package graph

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/graph/scalar"
	"github.com/kasparro/kasparro/internal/market"
)

// What is written without the executor: each field as its scalar writes it. A test holds both to the same bytes, and
// that every plain field of these types is here.

var recordObject = object[model.Record]{
	name: "Record", kinds: []string{"Record", "Node"},
	fields: map[string]writer[model.Record]{
		"id":                func(b []byte, r *model.Record) []byte { return append(r.AppendGlobalID(append(b, '"')), '"') },
		"source":            func(b []byte, r *model.Record) []byte { return quote(b, r.Source) },
		"externalId":        func(b []byte, r *model.Record) []byte { return quote(b, r.ExternalID) },
		"observedAt":        func(b []byte, r *model.Record) []byte { return scalar.AppendDateTime(b, r.ObservedAt) },
		"ingestedAt":        func(b []byte, r *model.Record) []byte { return scalar.AppendDateTime(b, r.IngestedAt) },
		"rank":              func(b []byte, r *model.Record) []byte { return whole(b, r.Rank) },
		"priceUsd":          func(b []byte, r *model.Record) []byte { return scalar.AppendAmount(b, r.PriceUSD) },
		"openUsd":           func(b []byte, r *model.Record) []byte { return scalar.AppendAmount(b, r.OpenUSD) },
		"highUsd":           func(b []byte, r *model.Record) []byte { return scalar.AppendAmount(b, r.HighUSD) },
		"lowUsd":            func(b []byte, r *model.Record) []byte { return scalar.AppendAmount(b, r.LowUSD) },
		"marketCapUsd":      func(b []byte, r *model.Record) []byte { return scalar.AppendAmount(b, r.MarketCapUSD) },
		"volume24hUsd":      func(b []byte, r *model.Record) []byte { return scalar.AppendAmount(b, r.Volume24hUSD) },
		"percentChange1h":   func(b []byte, r *model.Record) []byte { return scalar.AppendAmount(b, r.PercentChange1h) },
		"percentChange24h":  func(b []byte, r *model.Record) []byte { return scalar.AppendAmount(b, r.PercentChange24h) },
		"percentChange7d":   func(b []byte, r *model.Record) []byte { return scalar.AppendAmount(b, r.PercentChange7d) },
		"circulatingSupply": func(b []byte, r *model.Record) []byte { return scalar.AppendAmount(b, r.CirculatingSupply) },
		"totalSupply":       func(b []byte, r *model.Record) []byte { return scalar.AppendAmount(b, r.TotalSupply) },
		"maxSupply":         func(b []byte, r *model.Record) []byte { return scalar.AppendAmount(b, r.MaxSupply) },
		"resumeCursor": func(b []byte, r *model.Record) []byte {
			if cursor := r.ResumeCursor(); cursor != nil {
				return quote(b, *cursor)
			}
			return append(b, null...)
		},
	},
	nested: map[string]nested[model.Record]{
		"asset":      assetOfRecord,
		"raw":        rawOfRecord,
		"rawExpired": expiredOfRecord,
	},
}

// rawOfRecord reads the payloads of all rows. Of one that has been dropped there is none.
func rawOfRecord(ctx context.Context, _ graphql.CollectedField, p page[model.Record]) (writer[model.Record], bool) {
	payloads, ok := payloadsOfPage(ctx, p)
	for _, r := range p.rows {
		*p.payloads += int64(len(payloads[r.RawID]))
	}
	return func(b []byte, r *model.Record) []byte { return encoded(b, payloads[r.RawID]) }, ok
}

// expiredOfRecord finds out whether the payloads are still there.
func expiredOfRecord(ctx context.Context, _ graphql.CollectedField, p page[model.Record]) (writer[model.Record], bool) {
	payloads, ok := payloadsOfPage(ctx, p)
	return func(b []byte, r *model.Record) []byte {
		_, kept := payloads[r.RawID]
		return strconv.AppendBool(b, !kept)
	}, ok
}

func payloadsOfPage(ctx context.Context, p page[model.Record]) (map[int64]json.RawMessage, bool) {
	if !ofOneGroup(p.rows) {
		return nil, false
	}
	payloads, err := model.PayloadsOf(ctx, p.reader, p.rows[0].Group)
	return payloads, err == nil
}

// ofOneGroup tells whether rows are of one group, so that what hangs on one is read for all.
func ofOneGroup(rows []*model.Record) bool {
	for _, r := range rows {
		if r.Group != rows[0].Group {
			return false
		}
	}
	return true
}

// assetOfRecord reads the assets of all rows.
func assetOfRecord(ctx context.Context, f graphql.CollectedField, p page[model.Record]) (writer[model.Record], bool) {
	write, ok := compile(ctx, f, assetObject, page[model.Asset]{reader: p.reader})
	if !ok || !ofOneGroup(p.rows) {
		return nil, false
	}
	assets, err := model.AssetsOf(ctx, p.reader, p.rows[0].Group)
	if err != nil {
		return nil, false
	}
	for _, r := range p.rows {
		if assets[r.AssetID] == nil {
			return nil, false
		}
	}
	return func(b []byte, r *model.Record) []byte { return write(b, assets[r.AssetID]) }, true
}

var edgeObject = object[model.RecordEdge]{
	name: "RecordEdge", kinds: []string{"RecordEdge"},
	fields: map[string]writer[model.RecordEdge]{
		"cursor": func(b []byte, e *model.RecordEdge) []byte { return append(e.AppendCursor(append(b, '"')), '"') },
	},
	nested: map[string]nested[model.RecordEdge]{
		"node": func(ctx context.Context, f graphql.CollectedField, p page[model.RecordEdge]) (writer[model.RecordEdge], bool) {
			nodes := make([]*model.Record, len(p.rows))
			for i, e := range p.rows {
				nodes[i] = e.Node
			}
			write, ok := compile(ctx, f, recordObject, page[model.Record]{p.reader, nodes, p.payloads})
			return func(b []byte, e *model.RecordEdge) []byte { return write(b, e.Node) }, ok
		},
	},
}

var assetObject = object[model.Asset]{
	name: "Asset", kinds: []string{"Asset", "Node"},
	fields: map[string]writer[model.Asset]{
		"id":     func(b []byte, a *model.Asset) []byte { return quote(b, a.GlobalID()) },
		"slug":   func(b []byte, a *model.Asset) []byte { return quote(b, a.Slug) },
		"symbol": func(b []byte, a *model.Asset) []byte { return quote(b, a.Symbol) },
		"name":   func(b []byte, a *model.Asset) []byte { return quote(b, a.Name) },
		"rank":   func(b []byte, a *model.Asset) []byte { return whole(b, a.Rank) },
	},
	nested: map[string]nested[model.Asset]{
		"consensus": func(ctx context.Context, f graphql.CollectedField, p page[model.Asset]) (writer[model.Asset], bool) {
			write, ok := compile(ctx, f, consensusObject, page[market.Consensus]{reader: p.reader})
			return func(b []byte, a *model.Asset) []byte {
				if a.Consensus == nil {
					return append(b, null...)
				}
				return write(b, a.Consensus)
			}, ok
		},
	},
}

var consensusObject = object[market.Consensus]{
	name: "Consensus", kinds: []string{"Consensus"},
	fields: map[string]writer[market.Consensus]{
		"priceUsd":         func(b []byte, c *market.Consensus) []byte { return scalar.AppendDecimal(b, c.PriceUSD) },
		"spreadPercent":    func(b []byte, c *market.Consensus) []byte { return scalar.AppendDecimal(b, c.SpreadPercent) },
		"marketCapUsd":     func(b []byte, c *market.Consensus) []byte { return exactOrNull(b, c.MarketCapUSD) },
		"percentChange24h": func(b []byte, c *market.Consensus) []byte { return exactOrNull(b, c.PercentChange24h) },
		"sources":          func(b []byte, c *market.Consensus) []byte { return strconv.AppendInt(b, c.Sources, 10) },
		"observedAt":       func(b []byte, c *market.Consensus) []byte { return scalar.AppendDateTime(b, c.ObservedAt) },
	},
}
