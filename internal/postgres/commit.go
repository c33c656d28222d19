package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// CommitBatch stores a page under a run: payloads, listings, records, rejections, checkpoint and
// counters, all in one transaction or not at all. It returns what the page added to the counters,
// and ErrFenced when the run has been closed by someone else.
func (s *Store) CommitBatch(ctx context.Context, runID int64, b market.Batch) (done market.Counters, err error) {
	source, err := s.sourceID(ctx, b.Source)
	if err != nil {
		return market.Counters{}, err
	}
	if err := s.ensurePartitions(ctx, b.FetchedAt); err != nil {
		return market.Counters{}, err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return market.Counters{}, fmt.Errorf("commit page: %w", unavailable(err))
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	p := &page{source: source, runID: runID, batch: b, conn: conn, resolve: s.resolve, age: s.ConsensusAge}
	err = inTx(ctx, conn, func(ctx context.Context, tx bun.Tx) error {
		p.tx = tx
		if err := p.store(ctx); err != nil {
			return err
		}
		added := addedNone
		if p.done.Inserted > 0 {
			added = addedByPage
		}
		return noteCommit(ctx, tx, runID, added)
	})
	if err != nil {
		return market.Counters{}, fmt.Errorf("commit page of %s: %w", b.Source, unavailable(err))
	}
	return p.done, nil
}

// page is one batch on its way through its transaction.
type page struct {
	source  int16
	runID   int64
	batch   market.Batch
	conn    bun.Conn
	tx      bun.Tx
	resolve market.Resolver
	age     time.Duration // of the prices that take part in a consensus
	named   int64         // listings that are new or have changed
	touched []int64       // assets that have changed with them
	done    market.Counters
}

func (p *page) store(ctx context.Context) error {
	if err := fence(ctx, p.tx, p.runID); err != nil {
		return err
	}
	if err := lockSource(ctx, p.tx, p.source); err != nil {
		return err
	}
	p.done = market.Counters{
		Extracted: int64(len(p.batch.Observations) + len(p.batch.Rejections)),
		Rejected:  int64(len(p.batch.Rejections)),
		Pages:     1, Retries: p.batch.Retries, Waits: p.batch.Waits, WaitedMS: p.batch.Waited.Milliseconds(), BytesFetched: p.batch.BytesFetched + p.batch.Wasted,
	}
	if len(p.batch.Observations) > 0 {
		if err := p.storeObservations(ctx); err != nil {
			return err
		}
	}
	if err := p.storeRejections(ctx); err != nil {
		return fmt.Errorf("rejections: %w", err)
	}
	return p.storeProgress(ctx)
}

// lockSource lets the pages of a source, of whatever stream, and the batches of its rebuild be stored one
// after the other: each of them tells what is new by what is there, and counts it.
func lockSource(ctx context.Context, tx bun.Tx, source int16) error {
	_, err := tx.ExecContext(ctx, "SELECT FROM source_totals WHERE source_id = ? FOR UPDATE", source)
	return err
}

func (p *page) storeObservations(ctx context.Context) error {
	if _, err := p.tx.ExecContext(ctx, createStage); err != nil {
		return err
	}
	if err := copyStage(ctx, p.conn, p.batch.Observations); err != nil {
		return err
	}
	if err := p.storeListings(ctx); err != nil {
		return fmt.Errorf("listings: %w", err)
	}
	judging := []string{createKeyed, createExisting, createJudged}
	switch {
	case len(p.batch.Resolves) > 0: // of quarantine
		judging = []string{createKeyed, createExisting, yieldToLater, createJudged}
	case p.batch.Stream != "" && p.batch.Stream != market.StreamQuarantine:
		judging = []string{createKeyed, createExisting, yieldToLive, createJudged}
	}
	for _, statement := range judging {
		if _, err := p.tx.ExecContext(ctx, statement, p.source, p.batch.FetchedAt); err != nil {
			return fmt.Errorf("judge page: %w", err)
		}
	}
	if err := p.tx.NewRaw(countJudged).Scan(ctx, &p.done.Inserted, &p.done.Updated, &p.done.Unchanged); err != nil {
		return fmt.Errorf("count page: %w", err)
	}
	if p.done.Inserted+p.done.Updated == 0 {
		return nil
	}
	for _, statement := range []string{insertRaw, upsertRecords, upsertLatest} {
		if _, err := p.tx.ExecContext(ctx, statement, p.source, p.runID, p.batch.FetchedAt); err != nil {
			return fmt.Errorf("write page: %w", err)
		}
	}
	if err := p.countDays(ctx); err != nil {
		return err
	}
	return refreshSome(ctx, p.tx, p.age, p.touched)
}

func (p *page) storeProgress(ctx context.Context) error {
	d := p.done
	var next *string // null leaves the checkpoint where it is
	if p.batch.Next != "" {
		next = (*string)(&p.batch.Next)
	}
	_, err := p.tx.ExecContext(ctx, `
		INSERT INTO checkpoints (source_id, stream, cursor, run_id)
			SELECT source_id, stream, ?2::jsonb, id FROM etl_runs WHERE id = ?1 AND ?2::jsonb IS NOT NULL
		ON CONFLICT (source_id, stream) DO UPDATE SET cursor = excluded.cursor, run_id = excluded.run_id, updated_at = now();
		UPDATE source_totals SET record_count = record_count + ?4, items_extracted = items_extracted + ?3
		WHERE source_id = ?0;
		UPDATE etl_runs SET heartbeat_at = clock_timestamp(), cursor_after = coalesce(?2::jsonb, cursor_after), extracted = extracted + ?3, inserted = inserted + ?4,
			updated = updated + ?5, unchanged = unchanged + ?6, rejected = rejected + ?7,
			pages = pages + 1, retries = retries + ?8, waits = waits + ?9, waited_ms = waited_ms + ?10,
			bytes_fetched = bytes_fetched + ?11, listings_changed = listings_changed + ?12
		WHERE id = ?1`,
		p.source, p.runID, next, d.Extracted, d.Inserted, d.Updated, d.Unchanged, d.Rejected,
		d.Retries, d.Waits, d.WaitedMS, d.BytesFetched, p.named)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}
