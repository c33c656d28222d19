package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/telemetry"
)

// operator runs in this process what administrators ask for over the API, beside the schedule; the
// ledger keeps the two apart. It implements graph.Operator.
type operator struct {
	ctx     context.Context // of the service: when it ends, every run finishes the page in hand
	store   *postgres.Store
	sources func() []source.Source // new ones each time: a source serves one run at a time
	watch   *telemetry.Telemetry
	log     *slog.Logger

	mu       sync.Mutex
	stopping bool
	runs     sync.WaitGroup // never added to once stopping is set
}

func newOperator(ctx context.Context, cfg config.Config, store *postgres.Store, t *telemetry.Telemetry, log *slog.Logger) *operator {
	return &operator{ctx: ctx, store: store, watch: t, sources: func() []source.Source { return sources(cfg, store) }, log: log}
}

// StartRun starts a run, which goes on in the background, and returns it as soon as it is open.
func (o *operator) StartRun(ctx context.Context, name string) (market.Run, error) {
	opened := make(chan market.Run, 1)
	runner := o.runner()
	runner.OnStart = func(run market.Run) { opened <- run }
	done, err := o.begin(context.WithoutCancel(ctx), name, func(ctx context.Context, src source.Source) (market.Run, error) {
		return runner.Run(ctx, src, ingest.Request{Trigger: market.TriggerManual})
	})
	if err != nil {
		return market.Run{}, err
	}
	select {
	case run := <-opened:
		return run, nil
	case end := <-done:
		select {
		case run := <-opened: // it was over at once
			return run, nil
		default:
			return market.Run{}, end.err
		}
	case <-ctx.Done():
		return market.Run{}, ctx.Err()
	}
}

// RetryRejections tries again what waits in quarantine, and waits for the end of that. Whatever has
// become a record by then is counted, though the rest could not be tried.
func (o *operator) RetryRejections(ctx context.Context, name string) (int64, error) {
	done, err := o.begin(ctx, name, func(ctx context.Context, src source.Source) (market.Run, error) {
		return retryRejections(ctx, o.runner(), o.store, src)
	})
	if err != nil {
		return 0, err
	}
	end := <-done
	if end.err == nil && end.run.Status == market.RunFailed {
		end.err = fmt.Errorf("%s failed: %s", market.GlobalID(market.IDRun, end.run.ID), end.run.Error)
	}
	return end.run.Inserted + end.run.Updated + end.run.Unchanged, end.err
}

func (o *operator) runner() *ingest.Runner {
	return &ingest.Runner{Store: asStore(o.store), Log: o.log, Beat: postgres.Beat, Hooks: hooks(o.watch)}
}

// ended is how a run ended: err as ingest.Runner has it.
type ended struct {
	run market.Run
	err error
}

// begin runs a source in the background, until ctx or the service ends, and tells how it ended.
func (o *operator) begin(ctx context.Context, name string, run func(context.Context, source.Source) (market.Run, error)) (<-chan ended, error) {
	picked, err := named(o.sources(), []string{name})
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stopping {
		return nil, errors.New("the service is stopping")
	}
	done := make(chan ended, 1)
	o.runs.Go(func() {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // whatever became of the run, its heart stops
		defer context.AfterFunc(o.ctx, cancel)()
		end := ended{err: fmt.Errorf("the run of %s has panicked", name)}
		defer func() {
			o.report(name, end.err, recover())
			done <- end
		}()
		end.run, end.err = run(ctx, picked[0])
	})
	return done, nil
}

// report logs what no run in the ledger tells.
func (o *operator) report(name string, err error, panicked any) {
	switch {
	case panicked != nil:
		o.log.Error("run panicked", "source", name, "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
	case err != nil && !errors.Is(err, market.ErrRunning):
		o.log.Error("run failed", "source", name, "error", err)
	}
}

// wait waits for the end of the service, and then for the pages in hand.
func (o *operator) wait() error {
	<-o.ctx.Done()
	o.mu.Lock()
	o.stopping = true
	o.mu.Unlock()
	idle := make(chan struct{})
	go func() {
		o.runs.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		return nil
	case <-time.After(runTimeout):
		return errors.New("runs that were asked for are still going on")
	}
}
