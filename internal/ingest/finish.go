package ingest

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// ending judges how the run ended.
func (a *attempt) ending(ctx context.Context, err error) market.RunEnd {
	end := market.RunEnd{Status: market.RunSucceeded}
	switch {
	case err != nil && ctx.Err() != nil:
		end.Status = market.RunInterrupted
	case err != nil && a.done.Pages > 0:
		end.Status, end.Error = market.RunPartial, oneLine(err)
	case err != nil:
		end.Status, end.Error = market.RunFailed, oneLine(err)
	case len(a.incomplete) > 0:
		end.Status, end.Error = market.RunPartial, strings.Join(a.incomplete, "; ")
	}
	var counted interface {
		Effort() (retries, waits int64, waited time.Duration)
	}
	if errors.As(err, &counted) {
		end.Retries, end.Waits, end.Waited = counted.Effort()
	}
	a.watch.judge(&end, a.done, a.last, err == nil)
	return end
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// finish closes the run, as soon as the database lets it. Where the answer was lost, the run is
// found closed, and the ledger tells whether it was closed in these words.
func (a *attempt) finish(ctx context.Context, end market.RunEnd) (ended market.Run, err error) {
	ctx, cancel := outlasting(ctx, closeTimeout)
	defer cancel()
	err = insist(ctx, func() error {
		ended, err = a.Store.FinishRun(ctx, a.run.ID, end)
		return err
	})
	if err != nil && !errors.Is(err, market.ErrFenced) { // a full disk, say, has no room for all that there is to tell
		ended, err = a.finishBriefly(ctx, end, err)
	}
	if !errors.Is(err, market.ErrFenced) {
		return ended, err
	}
	stored, readErr := a.stored(ctx)
	if readErr == nil && stored.Status == end.Status && stored.Error == end.Error {
		return stored, nil
	}
	return market.Run{}, errors.Join(err, readErr)
}

// finishBriefly closes the run without what it has found, which the next run will find as well.
func (a *attempt) finishBriefly(ctx context.Context, end market.RunEnd, because error) (market.Run, error) {
	a.Log.Error("what a run has found cannot be stored", "run", market.GlobalID(market.IDRun, a.run.ID), "error", because)
	end.Drifts, end.Shape, end.ShapeGone = nil, nil, nil
	ended, err := a.Store.FinishRun(ctx, a.run.ID, end)
	if err != nil && !errors.Is(err, market.ErrFenced) {
		err = errors.Join(because, err)
	}
	return ended, err
}

func (r *Runner) logEnd(run market.Run) {
	level := slog.LevelInfo
	if len(run.Anomalies) > 0 {
		level = slog.LevelWarn
	}
	if run.Error != "" {
		level = slog.LevelError
	}
	attrs := []any{
		"run", market.GlobalID(market.IDRun, run.ID), "source", run.Source, "status", strings.ToLower(string(run.Status)),
		"trigger", strings.ToLower(string(run.Trigger)), "extracted", run.Extracted, "inserted", run.Inserted,
		"updated", run.Updated, "unchanged", run.Unchanged, "rejected", run.Rejected, "pages", run.Pages, "retries", run.Retries,
		"waits", run.Waits, "waited_ms", run.WaitedMS, "bytes_fetched", run.BytesFetched,
		"duration_ms", run.Duration(time.Now()).Milliseconds(),
	}
	if run.Stream != "" {
		attrs = append(attrs, "stream", run.Stream)
	}
	if len(run.Anomalies) > 0 {
		attrs = append(attrs, "anomalies", run.Anomalies)
	}
	if run.Error != "" {
		attrs = append(attrs, "error", run.Error)
	}
	r.Log.Log(context.Background(), level, "run ended", attrs...)
}
