package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/graph/live"
	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/playground"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/rest"
	"github.com/kasparro/kasparro/internal/schedule"
	"github.com/kasparro/kasparro/internal/server"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/telemetry"
)

type serveCommand struct {
	config.Flags

	NoScheduler bool `name:"no-scheduler" help:"Serve the API only; another process runs the sources."`
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(ctx context.Context) error {
	cfg, err := c.Load()
	if err != nil {
		return err
	}
	if err := cfg.RequireKey(); err != nil && !mayHoldKeys(cfg) {
		return err
	}
	return serve(ctx, cfg, service{scheduler: !c.NoScheduler})
}

// service says how to serve.
type service struct {
	scheduler bool
	started   func(url string) // told once the API answers from a ready database
}

// announce tells that the service is up.
func (o service) announce(cfg config.Config, open doors, log *slog.Logger) {
	address := open.api.Addr().String()
	log.Info("serving", append([]any{"address", address, "version", version, "scheduler", o.scheduler}, open.attrs()...)...)
	if openToAll(cfg) {
		log.Warn(everySite)
	}
	if o.started != nil {
		o.started(open.scheme() + "://" + reachable(address))
	}
}

// serve runs the whole system until ctx ends.
func serve(ctx context.Context, cfg config.Config, o service) (err error) {
	log := logger(cfg)
	documents, err := readDocuments(cfg.GraphQL)
	if err != nil {
		return err
	}
	t, err := newTelemetry(ctx, cfg, documents.Operations(), log)
	if err != nil {
		return err
	}
	defer t.Close()
	open, err := openDoors(ctx, cfg)
	if err != nil {
		return err
	}
	d, err := openDatabase(ctx, cfg, t, log)
	if err != nil {
		return errors.Join(err, open.Close())
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return serveAt(ctx, cfg, o, open, d, documents, log)
}

// serveAt serves at the doors from the database. The doors are closed in the end.
func serveAt(ctx context.Context, cfg config.Config, o service, open doors, d *database, documents graph.Documents, log *slog.Logger) error {
	work, err := d.toServe(cfg, log)
	if err != nil {
		return errors.Join(err, open.Close())
	}
	store := newStore(cfg, work.own)
	specs := cfg.Schedules(sourceNames(sources(cfg, nil))...)
	timetable, err := schedule.NewTimetable(specs)
	if err == nil {
		err = tellStandings(cfg, d, timetable)
	}
	if err != nil {
		return errors.Join(err, open.Close())
	}
	g, ctx := errgroup.WithContext(ctx)
	byHand := newOperator(ctx, cfg, store, d.watch, log)
	g.Go(byHand.wait)
	g.Go(func() error { work.watch(ctx); return nil })
	feed := live.New(work.reader, log)
	handler, hangUp := routes(cfg, work, feed, documents, byHand, timetable, d.watch, log)
	g.Go(func() error { return work.keys.follow(ctx, log) })
	g.Go(func() error {
		defer work.keys.noteLast(ctx, log)
		return server.Serve(ctx, open.api, handler, log, hangUp)
	})
	open.watch(ctx, g, d.watch, log)
	g.Go(func() error {
		if err := prepare(ctx, cfg, d, store, work.keys.ring, log); err != nil || ctx.Err() != nil {
			return err
		}
		g.Go(func() error { return follow(ctx, d.direct, feed, work.keys.ring, log) })
		o.announce(cfg, open, log)
		g.Go(func() error { return upkeep(ctx, cfg, store, d.watch, log) })
		if !o.scheduler {
			return nil
		}
		return runJobs(ctx, store, sources(cfg, store), specs, d.watch, log)
	})
	return g.Wait()
}

// routes returns what the service answers, and what ends all that is live in it.
func routes(cfg config.Config, work serving, feed *live.Feed, documents graph.Documents, byHand *operator, timetable schedule.Timetable, t *telemetry.Telemetry, log *slog.Logger) (all http.Handler, hangUp func()) {
	door := server.NewDoor(server.Keys{Read: cfg.APIKey.Reveal(), Admin: cfg.AdminAPIKey.Reveal(), Stored: work.keys.ring},
		server.Throttle{PerMinute: cfg.RequestsPerMinute, Concurrent: cfg.ConcurrentRequests, Cost: cfg.ConcurrentCost})
	door.Refused = tellRefused(t, log)
	origins := server.NewOrigins(cfg.AllowedOrigins)
	api := graph.NewHandler(graph.Options{
		Reader: work.reader, Operator: byHand, Keys: work.keys, Feed: feed, Timetable: timetable, Sources: sourceNames(sources(cfg, nil)), Version: version, Now: time.Now, Log: log,
		MaxBodyBytes: int32(cfg.MaxBodyBytes), ConsensusMaxAge: cfg.ConsensusMaxAge, //nolint:gosec // configured to be small enough
		Limits: queryLimits(cfg), Documents: documents, NoIntrospection: !cfg.GraphQL.Introspection, Door: door, MayConnect: origins.MayConnect,
		Watch: t.Operations(), OnCache: t.Cache,
	})
	var metrics http.Handler
	if cfg.Watching.MetricsPort == nil {
		metrics = t.Metrics()
	}
	return server.New(server.Options{
		GraphQL:    api,
		REST:       rest.New(rest.Options{Reader: work.reader, Timetable: timetable, Version: version, Now: time.Now, Log: log}),
		Playground: playground.Handler(),
		Door:       door,
		Program:    programOf(cfg, documents), DataVersion: work.reader.Version,
		Metrics: metrics, Watch: t.Request,
		Log:     log,
		MaxBody: int64(cfg.MaxBodyBytes), Origins: origins, TrustedProxies: cfg.TrustedProxies,
	}), api.Live.Close
}

// prepare brings the schema up to date as soon as the database answers, and makes the sources and the keys known. It is an
// error that there is no key at all.
func prepare(ctx context.Context, cfg config.Config, d *database, store *postgres.Store, ring *apikey.Ring, log *slog.Logger) error {
	return untilReady(ctx, log, func() error {
		if err := d.migrate(ctx); err != nil {
			return err
		}
		if err := store.RegisterSources(ctx, describe(sources(cfg, nil))...); err != nil {
			return err
		}
		if err := store.LeapVersion(ctx); err != nil {
			return err
		}
		if err := ring.Refresh(ctx); err != nil || !ring.Empty() {
			return err
		}
		return cfg.RequireKey()
	})
}

// runJobs runs the sources on schedule until ctx ends, and then waits for the pages in hand.
func runJobs(ctx context.Context, store *postgres.Store, all []source.Source, specs map[string]string, t *telemetry.Telemetry, log *slog.Logger) error {
	s, err := schedule.New(specs, newJobs(store, all, t, log).run, log)
	if err != nil {
		return err
	}
	s.Start(ctx)
	<-ctx.Done()
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), runTimeout)
	defer cancel()
	return s.Stop(stopCtx)
}
