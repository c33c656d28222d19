package rest

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kasparro/kasparro/internal/market"
)

// dataInput is the query of /data. Its unexported half is filled by Resolve.
type dataInput struct {
	Source []string `query:"source,explode" doc:"Only these sources: separated by commas, or repeated"`
	Asset  []string `query:"asset,explode" doc:"Only these assets, by slug: separated by commas, or repeated"`
	Symbol []string `query:"symbol,explode" doc:"Only assets of these symbols, in any case: separated by commas, or repeated"`
	From   string   `query:"from" doc:"Only records observed at this time or later: RFC 3339 or a date" example:"2026-01-01"`
	To     string   `query:"to" doc:"Only records observed before this time: RFC 3339 or a date" example:"2026-01-31T12:00:00Z"`
	Page   int      `query:"page" minimum:"1" maximum:"2147483647" default:"1" doc:"Number of the page; not together with cursor"`
	Limit  int      `query:"limit" minimum:"1" maximum:"100" default:"10" doc:"Records in a page"`
	Cursor string   `query:"cursor" doc:"next_cursor of the page before, with the same filter"`

	query  url.Values
	filter market.RecordFilter
}

// Resolve reads the filter, which the library's own parameter types cannot express.
func (in *dataInput) Resolve(ctx huma.Context) []error {
	u := ctx.URL()
	in.query = u.Query()
	var errs []error
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	var err error
	in.filter.Sources, err = names(in.query, "source")
	note(err)
	in.filter.Assets, err = names(in.query, "asset")
	note(err)
	in.query["symbol"] = upper(in.query["symbol"])
	in.filter.Symbols, err = names(in.query, "symbol")
	note(err)
	in.filter.ObservedAt.From, err = instant("from", in.From)
	note(err)
	in.filter.ObservedAt.Before, err = instant("to", in.To)
	note(err)
	if r := in.filter.ObservedAt; r.From != nil && r.Before != nil && r.Before.Before(*r.From) {
		note(wrong("to", in.To, "must not be before from"))
	}
	if in.Cursor != "" && in.Page > 1 {
		note(wrong("page", in.Page, "cannot go together with cursor: a cursor already says where to go on"))
	}
	return errs
}

func upper(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = strings.ToUpper(text)
	}
	return out
}

type dataOutput struct {
	CacheControl string `header:"Cache-Control"`
	Link         string `header:"Link" doc:"The next page, rel=next; absent on the last page"`
	Body         dataBody
}

type dataBody struct {
	Meta
	Data       []dataRow  `json:"data" nullable:"false"`
	Pagination pagination `json:"pagination"`
}

type pagination struct {
	Page         int     `json:"page"`
	Limit        int     `json:"limit"`
	TotalRecords int64   `json:"total_records"`
	TotalPages   int64   `json:"total_pages"`
	NextCursor   *string `json:"next_cursor" doc:"null on the last page"`
}

// place is where a cursor goes on: behind a record, with the number that the page there has.
type place struct {
	market.RecordKey
	Page int
}

func (s *service) data(ctx context.Context, in *dataInput) (*dataOutput, error) {
	started := time.Now()
	if err := s.checkSources(ctx, in.filter.Sources); err != nil {
		return nil, err
	}
	scope := market.NewCursorScope("rest/data", market.RecordsNewestFirst, in.filter)
	window, page, err := in.window(scope)
	if err != nil {
		return nil, err
	}
	total, err := s.Reader.CountRecords(ctx, in.filter)
	if err != nil {
		return nil, err
	}
	var found market.Page[market.Record]
	if int64(window.Skip) < total || window.After != nil {
		if found, err = s.Reader.Records(ctx, in.filter, market.RecordsNewestFirst, window); err != nil {
			return nil, err
		}
	}
	out := &dataOutput{CacheControl: untilTheDataChanges}
	if out.Body.Data, err = s.dataRows(ctx, found.Items); err != nil {
		return nil, err
	}
	limit := int64(in.Limit)
	out.Body.Pagination = pagination{
		Page: page, Limit: in.Limit, TotalRecords: total, TotalPages: (total + limit - 1) / limit,
	}
	if found.More {
		last := found.Items[len(found.Items)-1].RecordKey
		next := market.EncodeCursor(scope, place{RecordKey: last, Page: page + 1})
		out.Body.Pagination.NextCursor = &next
		out.Link = in.link(next)
	}
	out.Body.Meta = newMeta(ctx, started)
	return out, nil
}

// window turns the query into the part of the list it asks for, and the number of that page.
func (in *dataInput) window(scope market.CursorScope) (market.Window[market.RecordKey], int, error) {
	w := market.Window[market.RecordKey]{Size: in.Limit}
	if in.Cursor == "" {
		w.Skip = (in.Page - 1) * in.Limit
		return w, in.Page, nil
	}
	p, err := market.DecodeCursor[place](scope, in.Cursor)
	if err != nil {
		return w, 0, invalid(wrong("cursor", in.Cursor, err.Error()))
	}
	if !storable(p.ObservedAt) || p.Page < 1 {
		return w, 0, invalid(wrong("cursor", in.Cursor, "bad cursor: it is damaged"))
	}
	w.After = &p.RecordKey
	return w, p.Page, nil
}

// link is the same question with the cursor of the next page in place of a page number.
func (in *dataInput) link(cursor string) string {
	q := in.query
	q.Del("page")
	q.Set("cursor", cursor)
	return "</data?" + q.Encode() + `>; rel="next"`
}
