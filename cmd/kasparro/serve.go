package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/graph/limits"
	"github.com/kasparro/kasparro/graph/live"
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
	if err := cfg.RequireKey(); err != nil {
		return err
	}
	return serve(ctx, cfg, service{scheduler: !c.NoScheduler})
}

// service says how to serve.
type service struct {
	scheduler bool
	started   func(address string) // told once the API answers from a ready database
}

// announce tells that the service is up.
func (o service) announce(open doors, log *slog.Logger) {
	address := open.api.Addr().String()
	log.Info("serving", append([]any{"address", address, "version", version, "scheduler", o.scheduler}, open.attrs()...)...)
	if o.started != nil {
		o.started(address)
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
	api, own, err := d.toServe()
	if err != nil {
		return errors.Join(err, open.Close())
	}
	store, reader := newStore(cfg, own), newStore(cfg, api)
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
	feed := live.New(reader, log)
	handler, hangUp := routes(cfg, reader, feed, documents, byHand, timetable, d.watch, log)
	g.Go(func() error { return server.Serve(ctx, open.api, handler, log, hangUp) })
	open.watch(ctx, g, d.watch, log)
	g.Go(func() error {
		if err := prepare(ctx, cfg, d, store, log); err != nil || ctx.Err() != nil {
			return err
		}
		o.announce(open, log)
		g.Go(func() error { return upkeep(ctx, cfg, store, d.watch, log) })
		g.Go(func() error { return follow(ctx, d.url, feed, log) })
		if !o.scheduler {
			return nil
		}
		return runJobs(ctx, store, sources(cfg, store), specs, d.watch, log)
	})
	return g.Wait()
}

// routes returns what the service answers, and what ends all that is live in it.
func routes(cfg config.Config, store *postgres.Store, feed *live.Feed, documents graph.Documents, byHand *operator, timetable schedule.Timetable, t *telemetry.Telemetry, log *slog.Logger) (all http.Handler, hangUp func()) {
	door := server.NewDoor(server.Keys{Read: cfg.APIKey.Reveal(), Admin: cfg.AdminAPIKey.Reveal()},
		server.Throttle{PerMinute: cfg.RequestsPerMinute, Concurrent: cfg.ConcurrentRequests, Cost: cfg.ConcurrentCost})
	api := graph.NewHandler(graph.Options{
		Reader: store, Operator: byHand, Feed: feed, Timetable: timetable, Sources: sourceNames(sources(cfg, nil)), Version: version, Now: time.Now, Log: log,
		MaxBodyBytes: int32(cfg.MaxBodyBytes), ConsensusMaxAge: cfg.ConsensusMaxAge, //nolint:gosec // configured to be small enough
		Limits: queryLimits(cfg), Documents: documents, NoIntrospection: !cfg.GraphQL.Introspection, Door: door,
		Watch: t.Operations(), OnCache: t.Cache,
	})
	var metrics http.Handler
	if cfg.Watching.MetricsPort == nil {
		metrics = t.Metrics()
	}
	return server.New(server.Options{
		GraphQL:    api,
		REST:       rest.New(rest.Options{Reader: store, Timetable: timetable, Version: version, Now: time.Now, Log: log}),
		Playground: playground.Handler(),
		Door:       door,
		Program:    programOf(cfg, documents), DataVersion: store.Version,
		Metrics: metrics, Watch: t.Request,
		Log:     log,
		MaxBody: int64(cfg.MaxBodyBytes),
	}), api.Live.Close
}

// programOf stands for all but the data that an answer follows from: the program, and those settings that change what the
// same question is answered.
func programOf(cfg config.Config, documents graph.Documents) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%v %v %v", queryLimits(cfg), documents, cfg.GraphQL.Introspection)) // maps are printed in order
	return version + " " + commit + " " + hex.EncodeToString(sum[:])
}

// queryLimits are the limits of queries as they are configured.
func queryLimits(cfg config.Config) graph.Limits {
	c, l := cfg.GraphQL, graph.DefaultLimits
	l.Limits = limits.Limits{
		Tokens: c.MaxTokens, Depth: c.MaxDepth, Fields: c.MaxFields, Aliases: c.MaxAliases,
		RootFields: c.MaxRootFields, Directives: c.MaxDirectives,
		Repeats: c.MaxRepeats, NameLength: c.MaxNameLength, ListItems: c.MaxListItems, Cost: c.MaxCost,
	}
	l.PageSize, l.PayloadBytes, l.Time = c.MaxPageSize, int64(c.MaxPayloadBytes), c.Timeout
	l.RequestsPerMinute, l.ConcurrentRequests, l.ConcurrentCost = cfg.RequestsPerMinute, cfg.ConcurrentRequests, cfg.ConcurrentCost
	l.ConcurrentSubscriptions = cfg.ConcurrentSubscriptions
	return l
}

// prepare brings the schema up to date as soon as the database answers, and makes the sources known.
func prepare(ctx context.Context, cfg config.Config, d *database, store *postgres.Store, log *slog.Logger) error {
	return untilReady(ctx, log, func() error {
		if err := d.migrate(ctx); err != nil {
			return err
		}
		if err := store.RegisterSources(ctx, describe(sources(cfg, nil))...); err != nil {
			return err
		}
		return store.LeapVersion(ctx)
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
