package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// CommitRebuild stores what became of the next payloads of a rebuild, all of it or nothing, and returns the
// rebuild behind them. A later payload of the same instant stands, whoever wrote it. It returns
// market.ErrRebuilding when the rebuild does not stand at r any more.
func (s *Store) CommitRebuild(ctx context.Context, r market.Rebuild, batch []market.Rederived) (_ market.Rebuild, err error) {
	source, err := s.sourceID(ctx, r.Source)
	if err != nil {
		return r, err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return r, fmt.Errorf("commit rebuild: %w", unavailable(err))
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var row rebuildRow
	err = inTx(ctx, conn, func(ctx context.Context, tx bun.Tx) (err error) {
		if err := moveRebuild(ctx, tx, source, r, batch[len(batch)-1].RawKey, len(batch)); err != nil {
			return err
		}
		if err := lockSource(ctx, tx, source); err != nil {
			return err
		}
		p := &rebuiltPage{source: source, batch: batch, conn: conn, tx: tx, resolve: s.resolve, age: s.ConsensusAge}
		if err := p.store(ctx); err != nil {
			return err
		}
		if row, err = closeStep(ctx, tx, source, p.changed, p.rejected, false); err != nil {
			return err
		}
		return noteCommit(ctx, tx, 0, addedRebuilt)
	})
	if err != nil {
		return r, fmt.Errorf("commit rebuild of %s: %w", r.Source, unavailable(err))
	}
	return row.rebuild(r.Source), nil
}

// rebuiltPage is a batch of payloads judged again, on its way through its transaction.
type rebuiltPage struct {
	source   int16
	batch    []market.Rederived
	conn     bun.Conn
	tx       bun.Tx
	resolve  market.Resolver
	age      time.Duration // of the prices that take part in a consensus
	touched  []int64       // assets that have changed
	changed  int64
	rejected int64
}

func (p *rebuiltPage) store(ctx context.Context) error {
	if err := lockRetention(ctx, p.tx); err != nil {
		return err
	}
	if err := p.stage(ctx); err != nil {
		return err
	}
	renaming, err := p.storeMissing(ctx)
	if err != nil {
		return fmt.Errorf("listings: %w", err)
	}
	for _, statement := range []string{createGone, deleteGone, createStanding, createDerived, upsertDerived, createNewest, upsertNewest} {
		if _, err := p.tx.ExecContext(ctx, statement, p.source); err != nil {
			return fmt.Errorf("records: %w", err)
		}
	}
	if renaming {
		if err := p.storeListings(ctx, selectMisnamed); err != nil {
			return fmt.Errorf("names: %w", err)
		}
	}
	if err := refreshSome(ctx, p.tx, p.age, p.touched); err != nil {
		return err
	}
	if err := p.storeRejections(ctx); err != nil {
		return fmt.Errorf("rejections: %w", err)
	}
	if err := p.correctRaw(ctx); err != nil {
		return fmt.Errorf("payloads: %w", err)
	}
	return p.count(ctx)
}

// storeMissing adds the listings that are missing, gives every item its listing, and tells whether there
// may be names to change: then the assets are locked.
func (p *rebuiltPage) storeMissing(ctx context.Context) (renaming bool, err error) {
	if err := p.storeListings(ctx, selectMissing); err != nil {
		return false, err
	}
	if _, err := p.tx.ExecContext(ctx, createRekeyed, p.source); err != nil {
		return false, err
	}
	if err := p.tx.NewRaw(anyMisnamed).Scan(ctx, &renaming); err != nil || !renaming {
		return false, err
	}
	return true, lockAssets(ctx, p.tx)
}

// storeListings stores the listings that a query finds, if there are any.
func (p *rebuiltPage) storeListings(ctx context.Context, query string) error {
	var rows []listingRow
	if err := p.tx.NewRaw(query, p.source).Scan(ctx, &rows); err != nil || len(rows) == 0 {
		return err
	}
	touched, err := settleListings(ctx, p.tx, rows, p.resolve, "kasparro rebuild")
	p.touched = append(p.touched, touched...)
	return err
}

// storeRejections keeps the payloads that are refused now, each under the run that brought it.
func (p *rebuiltPage) storeRejections(ctx context.Context) error {
	byRun := map[int64][]market.Rejection{}
	for _, d := range p.batch {
		if d.Rejection != nil {
			byRun[d.RunID] = append(byRun[d.RunID], *d.Rejection)
			p.rejected++
		}
	}
	for _, runID := range slices.Sorted(maps.Keys(byRun)) {
		refused := page{source: p.source, runID: runID, tx: p.tx, batch: market.Batch{Rejections: byRun[runID]}}
		if err := refused.storeRejections(ctx); err != nil {
			return err
		}
	}
	return nil
}

// correctRaw notes at the payloads which records they give now.
func (p *rebuiltPage) correctRaw(ctx context.Context) error {
	if !slices.ContainsFunc(p.batch, moved) {
		return nil
	}
	for _, table := range []string{"raw_records", "raw_kept"} {
		if _, err := p.tx.ExecContext(ctx, correctRaw, bun.Ident(table)); err != nil {
			return err
		}
	}
	return nil
}

// count keeps the totals of the source in step with its records.
func (p *rebuiltPage) count(ctx context.Context) error {
	var inserted, gone int64
	if err := p.tx.NewRaw(countRederived).Scan(ctx, &inserted, &p.changed, &gone); err != nil {
		return err
	}
	p.changed += gone
	if inserted+gone == 0 {
		return nil
	}
	if _, err := p.tx.ExecContext(ctx, countRebuiltDays, p.source); err != nil {
		return fmt.Errorf("count days: %w", err)
	}
	_, err := p.tx.ExecContext(ctx, "UPDATE source_totals SET record_count = record_count + ? WHERE source_id = ?", inserted-gone, p.source)
	return err
}
