package postgres

import (
	"context"
	"crypto/sha256"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// maxIDBytes is how much of an external id is kept beside its payload: it is indexed, and an index
// entry has to fit a page.
const maxIDBytes = 512

// rejectionRow is a row of rejections as a page writes it.
type rejectionRow struct {
	bun.BaseModel `bun:"table:rejections"`

	RunID       int64
	SourceID    int16
	ExternalID  string
	Reason      string
	Field       string
	Detail      string
	Payload     []byte
	PayloadHash []byte
}

// storeRejections keeps the page's rejected items, each once however often it comes again: one that had
// become a record waits again. Then it closes the rejections that have become records.
func (p *page) storeRejections(ctx context.Context) error {
	var rows []rejectionRow
	type key struct{ id, reason, hash string }
	met := map[key]bool{} // no statement can change a row twice
	for _, r := range p.batch.Rejections {
		if r.ID != 0 {
			if err := p.rejectAgain(ctx, r); err != nil {
				return err
			}
			continue
		}
		row := p.rejectionRow(r)
		if k := (key{row.ExternalID, row.Reason, string(row.PayloadHash)}); !met[k] {
			met[k], rows = true, append(rows, row)
		}
	}
	if len(rows) > 0 {
		_, err := p.tx.NewInsert().Model(&rows).
			On("CONFLICT (source_id, external_id, reason, payload_hash) DO UPDATE").
			Set("resolved_at = NULL, field = excluded.field, detail = excluded.detail").
			Where("rejection_row.resolved_at IS NOT NULL").Exec(ctx)
		if err != nil {
			return err
		}
	}
	return p.resolveRejections(ctx)
}

func (p *page) rejectionRow(r market.Rejection) rejectionRow {
	sum := sha256.Sum256(r.Payload)
	return rejectionRow{
		RunID: p.runID, SourceID: p.source, ExternalID: text(r.ExternalID[:min(len(r.ExternalID), maxIDBytes)]),
		Reason: r.Reason.Code, Field: text(r.Reason.Field), Detail: text(r.Reason.Detail),
		Payload: append([]byte{}, r.Payload...), PayloadHash: sum[:16],
	}
}
