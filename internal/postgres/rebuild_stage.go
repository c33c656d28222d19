package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/kasparro/kasparro/internal/market"
)

// createOrigin says of each payload of a batch where it is kept, and of which listing and instant its
// record was and is. ord is the place of what it gives in the staging table; ord and now_at are null where it
// is refused now.
const createOrigin = `CREATE TEMP TABLE origin (
	ord int, external_id text, raw_id bigint, run_id bigint, fetched_at timestamptz,
	was_at timestamptz, now_at timestamptz, now_of text, moved boolean) ON COMMIT DROP`

var originColumns = []string{"ord", "external_id", "raw_id", "run_id", "fetched_at", "was_at", "now_at", "now_of", "moved"}

// stage copies the batch into its temporary tables. The payloads themselves stay where they are.
func (p *rebuiltPage) stage(ctx context.Context) error {
	if _, err := p.tx.ExecContext(ctx, createStage+";"+createOrigin); err != nil {
		return err
	}
	var observations []market.Observation
	origins := make([][]any, len(p.batch))
	for i, d := range p.batch {
		origin := []any{nil, d.ExternalID, d.ID, d.RunID, d.FetchedAt, d.ObservedAt, (*time.Time)(nil), d.ExternalID, moved(d)}
		if d.Observation != nil {
			o := *d.Observation
			o.Payload = nil
			origin[0], origin[6], origin[7] = len(observations), &o.ObservedAt, o.ExternalID
			observations = append(observations, o)
		}
		origins[i] = origin
	}
	if err := copyStage(ctx, p.conn, observations); err != nil {
		return err
	}
	err := p.conn.Raw(func(driver any) error {
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"origin"}, originColumns, pgx.CopyFromRows(origins))
		return err
	})
	if err != nil {
		return fmt.Errorf("copy origins: %w", err)
	}
	_, err = p.tx.ExecContext(ctx, "ANALYZE origin")
	return err
}

// moved tells whether a payload gives another record than it did, or none any more, or one at last.
func moved(d market.Rederived) bool {
	if d.Observation == nil || d.ObservedAt == nil {
		return d.Observation != nil || d.ObservedAt != nil
	}
	return !d.Observation.ObservedAt.Equal(*d.ObservedAt) || d.Observation.ExternalID != d.ExternalID
}
