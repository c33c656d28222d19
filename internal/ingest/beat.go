package ingest

import (
	"context"
	"errors"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// beat keeps the run alive until stop is called, and tells the log every second beat how far it has
// come. The context that it returns ends when the run is closed by someone else: then nothing more
// can be committed.
func (a *attempt) beat(ctx context.Context) (_ context.Context, stop func()) {
	extractCtx, cancel := context.WithCancelCause(ctx)
	// Not ended by ctx: the page in hand and the end of the run are beaten for as well.
	beatCtx, silence := context.WithCancel(context.WithoutCancel(ctx))
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		ticker := time.NewTicker(a.Beat)
		defer ticker.Stop()
		for n := 1; ; n++ {
			select {
			case <-beatCtx.Done():
				return
			case <-ticker.C:
			}
			if n%2 == 0 {
				a.Log.InfoContext(ctx, "run goes on", a.watch.so.Load().attrs(a.run)...)
			}
			if err := a.Store.Heartbeat(beatCtx, a.run.ID); errors.Is(err, market.ErrFenced) {
				cancel(market.ErrFenced)
			} else if err != nil && beatCtx.Err() == nil {
				a.Log.WarnContext(ctx, "heartbeat failed", "run_id", market.GlobalID(market.IDRun, a.run.ID), "error", err)
			}
		}
	}()
	return extractCtx, func() { silence(); cancel(nil); <-finished }
}
