package postgres

import (
	"context"
	"fmt"

	"github.com/kasparro/kasparro/internal/market"
)

// trailingRuns is how many runs before it a run is judged by.
const trailingRuns = 20

// Baseline returns what is known of a source, for a run of a stream to be judged by.
func (s *Store) Baseline(ctx context.Context, source, stream string) (b market.Baseline, err error) {
	id, err := s.sourceID(ctx, source)
	if err != nil {
		return b, err
	}
	if b.Shape, err = s.shape(ctx, id); err != nil {
		return b, fmt.Errorf("read the shape of payloads of %s: %w", source, unavailable(err))
	}
	if b.Prices, err = s.latestPrices(ctx, id); err != nil {
		return b, fmt.Errorf("read the latest prices of %s: %w", source, unavailable(err))
	}
	if b.Whole, err = s.trailing(ctx, source, stream, "r.whole AND r.status = 'succeeded'"); err != nil {
		return b, err
	}
	if b.Recent, err = s.trailing(ctx, source, stream, "r.extracted > 0 AND r.status <> 'running'"); err != nil {
		return b, err
	}
	return b, nil
}

// trailing returns the last runs of a stream that a condition holds for, newest first.
func (s *Store) trailing(ctx context.Context, source, stream, condition string) ([]market.Run, error) {
	runs, err := scanRuns(filteredRuns(s.db, market.RunFilter{Sources: []string{source}, Streams: []string{stream}}).
		ColumnExpr(runColumns).Where(condition).OrderExpr("r.id DESC").Limit(trailingRuns).Rows(ctx))
	if err != nil {
		return nil, fmt.Errorf("read the runs before: %w", unavailable(err))
	}
	return runs, nil
}

func (s *Store) shape(ctx context.Context, source int16) ([]market.PathShape, error) {
	var rows []shapeRow
	if err := s.db.NewSelect().Model(&rows).Where("source_id = ?", source).OrderExpr("part, path").Scan(ctx); err != nil {
		return nil, err
	}
	shape := make([]market.PathShape, len(rows))
	for i, r := range rows {
		shape[i] = market.PathShape{
			Part: r.Part, Path: r.Path, Frequency: market.Frequency{Share: r.Share, Items: r.Items}, Types: r.Types,
			FirstRunID: r.FirstRunID, LastRunID: r.RunID,
		}
	}
	return shape, nil
}

// latestPrices returns the newest price of each external id that an API was last heard of live. Prices of
// the past say nothing of what is usual now; and of files there may be any number, of any time.
func (s *Store) latestPrices(ctx context.Context, source int16) (map[string]float64, error) {
	var rows []struct {
		ExternalID string
		PriceUSD   float64
	}
	err := s.db.NewRaw(`SELECT l.external_id, r.price_usd FROM latest_records r JOIN listings l ON l.id = r.listing_id
		JOIN sources s ON s.id = r.source_id AND s.kind = 'api' JOIN etl_runs e ON e.id = r.run_id AND e.stream = ''
		WHERE r.source_id = ?`, source).Scan(ctx, &rows)
	prices := make(map[string]float64, len(rows))
	for _, r := range rows {
		prices[r.ExternalID] = r.PriceUSD
	}
	return prices, err
}
