package postgres

import (
	"context"
	"crypto/sha256"

	"github.com/uptrace/bun"
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

// storeRejections keeps the page's rejected items, each once however often it comes again.
func (p *page) storeRejections(ctx context.Context) error {
	if len(p.batch.Rejections) == 0 {
		return nil
	}
	rows := make([]rejectionRow, len(p.batch.Rejections))
	for i, r := range p.batch.Rejections {
		sum := sha256.Sum256(r.Payload)
		rows[i] = rejectionRow{
			RunID: p.runID, SourceID: p.source, ExternalID: text(r.ExternalID[:min(len(r.ExternalID), maxIDBytes)]),
			Reason: r.Reason.Code, Field: text(r.Reason.Field), Detail: text(r.Reason.Detail),
			Payload: append([]byte{}, r.Payload...), PayloadHash: sum[:16],
		}
	}
	_, err := p.tx.NewInsert().Model(&rows).
		On("CONFLICT (source_id, external_id, reason, payload_hash) DO NOTHING").Exec(ctx)
	return err
}
