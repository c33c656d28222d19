package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/graph/limits"
	"github.com/kasparro/kasparro/graph/live"
	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/playground"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/rest"
	"github.com/kasparro/kasparro/internal/schedule"
	"github.com/kasparro/kasparro/internal/server"
	"github.com/kasparro/kasparro/internal/source"
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
	started   func(address string) // told once the API answers from a ready database
}

// announce tells that the service is up.
func (o service) announce(address string, log *slog.Logger) {
	log.Info("serving", "address", address, "version", version, "scheduler", o.scheduler)
	if o.started != nil {
		o.started(address)
	}
}

// serve runs the whole system until ctx ends. The port is taken first: that it is in use should be
// known before anything is started.
func serve(ctx context.Context, cfg config.Config, o service) (err error) {
	log := cfg.Logger(stderr)
	documents, err := readDocuments(cfg.GraphQL)
	if err != nil {
		return err
	}
	listener, err := server.Listen(ctx, net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)))
	if err != nil {
		return err
	}
	d, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	work, err := d.toServe(cfg, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	store := newStore(cfg, work.own)
	specs := cfg.Schedules(sourceNames(sources(cfg, nil))...)
	timetable, err := schedule.NewTimetable(specs)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	g, ctx := errgroup.WithContext(ctx)
	byHand := newOperator(ctx, cfg, store, log)
	g.Go(byHand.wait)
	g.Go(func() error { work.watch(ctx); return nil })
	feed := live.New(work.reader, log)
	handler, hangUp := routes(cfg, work.reader, feed, documents, byHand, work.keys, timetable, log)
	g.Go(func() error { return work.keys.follow(ctx, log) })
	g.Go(func() error { return server.Serve(ctx, listener, handler, log, hangUp) })
	g.Go(func() error {
		if err := prepare(ctx, cfg, d, store, work.keys.ring, log); err != nil || ctx.Err() != nil {
			return err
		}
		o.announce(listener.Addr().String(), log)
		g.Go(func() error { return upkeep(ctx, cfg, store, log) })
		g.Go(func() error { return follow(ctx, d.url, feed, work.keys.ring, log) })
		if !o.scheduler {
			return nil
		}
		return runJobs(ctx, store, sources(cfg, store), specs, log)
	})
	return g.Wait()
}

// routes returns what the service answers, and what ends all that is live in it.
func routes(cfg config.Config, reader market.Reader, feed *live.Feed, documents graph.Documents, byHand *operator, keys *keyDesk, timetable schedule.Timetable, log *slog.Logger) (all http.Handler, hangUp func()) {
	door := server.NewDoor(server.Keys{Read: cfg.APIKey.Reveal(), Admin: cfg.AdminAPIKey.Reveal(), Stored: keys.ring},
		server.Throttle{PerMinute: cfg.RequestsPerMinute, Concurrent: cfg.ConcurrentRequests, Cost: cfg.ConcurrentCost})
	api := graph.NewHandler(graph.Options{
		Reader: reader, Operator: byHand, Keys: keys, Feed: feed, Timetable: timetable, Sources: sourceNames(sources(cfg, nil)), Version: version, Now: time.Now, Log: log,
		MaxBodyBytes: int32(cfg.MaxBodyBytes), ConsensusMaxAge: cfg.ConsensusMaxAge, //nolint:gosec // configured to be small enough
		Limits: queryLimits(cfg), Documents: documents, NoIntrospection: !cfg.GraphQL.Introspection, Door: door,
	})
	return server.New(server.Options{
		GraphQL:    api,
		REST:       rest.New(rest.Options{Reader: reader, Timetable: timetable, Version: version, Now: time.Now, Log: log}),
		Playground: playground.Handler(),
		Door:       door,
		Program:    programOf(cfg, documents), DataVersion: reader.Version,
		Log:     log,
		MaxBody: int64(cfg.MaxBodyBytes), TrustedProxies: cfg.TrustedProxies,
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
func runJobs(ctx context.Context, store *postgres.Store, all []source.Source, specs map[string]string, log *slog.Logger) error {
	s, err := schedule.New(specs, newJobs(store, all, log).run, log)
	if err != nil {
		return err
	}
	s.Start(ctx)
	<-ctx.Done()
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), runTimeout)
	defer cancel()
	return s.Stop(stopCtx)
}
