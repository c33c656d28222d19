package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// RebuildStore is what a rebuild needs of a database; package postgres is one.
type RebuildStore interface {
	// StartRebuild goes on with the rebuild of the source that is not finished, or begins a new one.
	StartRebuild(ctx context.Context, source string) (market.Rebuild, error)
	// RebuildOf returns the rebuild of the source as it stands, once a commit on its way has ended.
	RebuildOf(ctx context.Context, source string) (market.Rebuild, error)
	// RawBatch returns the next payloads of a rebuild, at most size; none at its end.
	RawBatch(ctx context.Context, r market.Rebuild, size int) ([]market.Raw, error)
	// CommitRebuild stores what became of the next payloads, all of it or nothing, and returns the
	// rebuild behind them. It returns market.ErrRebuilding when the rebuild does not stand at r any more.
	CommitRebuild(ctx context.Context, r market.Rebuild, batch []market.Rederived) (market.Rebuild, error)
	// FinishRebuild counts the records of the source and closes the rebuild, by the rule of CommitRebuild.
	FinishRebuild(ctx context.Context, r market.Rebuild) (market.Rebuild, error)
}

const (
	// RebuildBatch is how many payloads a rebuild commits together.
	RebuildBatch = 1000

	// readTimeout bounds the reading of a batch, which may have to pass over many payloads of other sources.
	readTimeout = 5 * time.Minute
	// countTimeout bounds the counting of all records of a source. It holds nobody up.
	countTimeout = 15 * time.Minute
	// rebuildTries is how often a batch is tried at most.
	rebuildTries = 5
)

// Rebuilder derives records again from the payloads that they were read from, while runs go on.
type Rebuilder struct {
	Store RebuildStore
	Log   *slog.Logger
	Batch int // payloads committed together; RebuildBatch is a good number
	// OnBatch, where set, is told how far the rebuild is, at its start and after each batch.
	OnBatch func(market.Rebuild)
}

// Rebuild derives the records of a source again, going on where a rebuild before was left. When ctx ends,
// the batch in hand is finished and the rebuild is returned as it stands, with no FinishedAt and no
// error. It returns market.ErrRebuilding where another process rebuilds the same source.
func (r *Rebuilder) Rebuild(ctx context.Context, src source.Source) (market.Rebuild, error) {
	var at market.Rebuild
	err := insistWithin(ctx, func(ctx context.Context) (err error) {
		at, err = r.Store.StartRebuild(ctx, src.Name())
		return err
	})
	for tries := 0; err == nil && at.FinishedAt == nil; {
		r.tell(at)
		if ctx.Err() != nil {
			return at, nil
		}
		var next market.Rebuild
		if next, err = r.step(ctx, src, at); err == nil {
			at, tries = next, 0
			continue
		}
		if ctx.Err() != nil && (errors.Is(err, context.Canceled) || passing(err)) {
			return at, nil
		}
		if tries++; !passing(err) || tries == rebuildTries {
			break
		}
		r.Log.Warn("a batch could not be rebuilt, trying again", "source", src.Name(), "error", err)
		at, err = r.settle(ctx, at)
	}
	if err != nil {
		return at, fmt.Errorf("rebuild of %s: %w", src.Name(), err)
	}
	r.tell(at)
	return at, nil
}

// passing tells whether an error may be gone the next time.
func passing(err error) bool {
	return errors.Is(err, market.ErrUnavailable) || errors.Is(err, market.ErrConflict) || errors.Is(err, context.DeadlineExceeded)
}

// step deals with the next payloads, or finishes the rebuild behind the last.
func (r *Rebuilder) step(ctx context.Context, src source.Source, at market.Rebuild) (market.Rebuild, error) {
	readCtx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	raws, err := r.Store.RawBatch(readCtx, at, r.Batch)
	if err != nil {
		return at, err
	}
	if len(raws) == 0 {
		countCtx, cancel := context.WithTimeout(ctx, countTimeout)
		defer cancel()
		return r.Store.FinishRebuild(countCtx, at)
	}
	batch := Rederive(src, raws)
	commitCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	return r.Store.CommitRebuild(commitCtx, at, batch)
}

// settle finds out where the rebuild stands after a batch that may have been stored or not: it moves
// in the transaction that stores the batch.
func (r *Rebuilder) settle(ctx context.Context, at market.Rebuild) (market.Rebuild, error) {
	var now market.Rebuild
	err := insistWithin(ctx, func(ctx context.Context) (err error) {
		now, err = r.Store.RebuildOf(ctx, at.Source)
		return err
	})
	if err == nil && !now.StartedAt.Equal(at.StartedAt) {
		err = market.ErrRebuilding
	}
	if err != nil {
		return at, err
	}
	return now, nil
}

// insistWithin repeats an attempt while the database is away, as long as a run would.
func insistWithin(ctx context.Context, attempt func(context.Context) error) error {
	ctx, cancel := outlasting(ctx, stopTimeout)
	defer cancel()
	return insist(ctx, func() error { return attempt(ctx) })
}

func (r *Rebuilder) tell(at market.Rebuild) {
	if r.OnBatch != nil {
		r.OnBatch(at)
	}
}

// Rederive judges payloads again, each by the moment when it was fetched. It is pure. The hashes stay those
// of the payloads as they came, from which jsonb's text differs.
func Rederive(src source.Source, raws []market.Raw) []market.Rederived {
	batch := make([]market.Rederived, len(raws))
	for i, raw := range raws {
		batch[i].Raw = raw
		item := src.Item(raw.Payload)
		o, reason := observe(&item, raw.FetchedAt)
		if reason != nil {
			batch[i].Rejection = &market.Rejection{
				RunID: raw.RunID, Source: src.Name(), ExternalID: raw.ExternalID, Reason: *reason, Payload: raw.Payload,
			}
			continue
		}
		o.PayloadHash = raw.PayloadHash
		batch[i].Observation = &o
	}
	return batch
}
