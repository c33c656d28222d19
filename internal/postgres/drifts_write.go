package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

type driftRow struct {
	bun.BaseModel `bun:"table:drifts"`

	RunID           int64
	SourceID        int16
	Part            string
	Path            string
	Kind            string
	Expected        string
	Seen            string
	RenameCandidate string
	Confidence      float64
}

type shapeRow struct {
	bun.BaseModel `bun:"table:source_shapes"`

	SourceID   int16
	Part       string
	Path       string
	Share      float64
	Items      int64
	Types      map[string]market.Frequency `bun:"type:jsonb"`
	FirstRunID int64
	RunID      int64
}

// storeShape keeps the shape that a run has found, and how it differs from the one before.
func storeShape(ctx context.Context, tx bun.Tx, source int16, runID int64, end market.RunEnd) error {
	for _, p := range end.ShapeGone {
		if _, err := tx.ExecContext(ctx, "DELETE FROM source_shapes WHERE source_id = ? AND part = ? AND path = ?",
			source, text(p.Part), text(p.Path)); err != nil {
			return fmt.Errorf("forget a path: %w", err)
		}
	}
	shapes := make([]shapeRow, len(end.Shape))
	for i, p := range end.Shape {
		shapes[i] = shapeRow{
			SourceID: source, Part: text(p.Part), Path: text(p.Path), Share: p.Share, Items: p.Items, Types: p.Types,
			FirstRunID: p.FirstRunID, RunID: runID,
		}
	}
	if len(shapes) > 0 {
		if _, err := tx.NewInsert().Model(&shapes).On("CONFLICT (source_id, part, path) DO UPDATE").
			Set("share = excluded.share, items = excluded.items, types = excluded.types").
			Set("first_run_id = excluded.first_run_id, run_id = excluded.run_id").Exec(ctx); err != nil {
			return fmt.Errorf("keep the shape of payloads: %w", err)
		}
	}
	drifts := make([]driftRow, len(end.Drifts))
	for i, d := range end.Drifts {
		drifts[i] = driftRow{
			RunID: runID, SourceID: source, Part: text(d.Part), Path: text(d.Path), Kind: strings.ToLower(string(d.Kind)),
			Expected: d.Expected, Seen: d.Seen, RenameCandidate: text(d.RenameCandidate), Confidence: d.Confidence,
		}
	}
	if len(drifts) > 0 {
		if _, err := tx.NewInsert().Model(&drifts).Exec(ctx); err != nil {
			return fmt.Errorf("keep drifts: %w", err)
		}
	}
	return nil
}
