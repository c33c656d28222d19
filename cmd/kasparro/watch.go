package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/server"
	"github.com/kasparro/kasparro/internal/telemetry"
)

// newTelemetry makes what the program is watched with. operations are the names of those that are known beforehand.
func newTelemetry(ctx context.Context, cfg config.Config, operations []string, log *slog.Logger) (*telemetry.Telemetry, error) {
	return telemetry.New(ctx, telemetry.Options{
		Version: version, Commit: commit, Sources: sourceNames(sources(cfg, nil)), Operations: operations,
		Endpoint: cfg.Watching.TracesURL, Secret: holdsKey(cfg), Log: log,
	})
}

// holdsKey tells whether a key stands in a text: one that we have made, or one of the settings.
func holdsKey(cfg config.Config) func(text string) bool {
	settings := []string{cfg.APIKey.Reveal(), cfg.AdminAPIKey.Reveal()}
	return func(text string) bool {
		return apikey.Holds(text) || slices.ContainsFunc(settings, func(key string) bool { return key != "" && strings.Contains(text, key) })
	}
}

// tellRefused has everybody know of keys that are not looked at.
func tellRefused(t *telemetry.Telemetry, log *slog.Logger) func(address string, first bool) {
	return func(address string, first bool) {
		t.KeyRefused()
		if first {
			log.Warn("too many wrong keys have come from an address: API_KEY and ADMIN_API_KEY are not looked at from there for a while, unless they have 32 characters",
				"remote", address)
		}
	}
}

// logger is the log of the program, whose lines name what they belong to.
func logger(cfg config.Config) *slog.Logger {
	return slog.New(telemetry.Logs(cfg.Logger(stderr).Handler()))
}

// hooks have the runs of the program watched.
func hooks(t *telemetry.Telemetry) ingest.Hooks {
	return ingest.Hooks{Part: t.Part, OnCommit: t.Committed, OnEnd: t.Ended}
}

// tellStandings has /metrics tell what the database knows. It has a connection of its own, which no load on the others can keep from it.
func tellStandings(cfg config.Config, d *database, timetable market.Timetable) error {
	pool, err := d.pool("metrics", 1)
	if err != nil {
		return err
	}
	store, most := newStore(cfg, pool), map[string]int64{}
	for _, b := range budgets(cfg) {
		most[b.source] = b.most
	}
	asked := []string{credential("coingecko", cfg.CoinGecko.APIKey.Reveal()), credential("coinpaprika", cfg.CoinPaprika.APIKey.Reveal())}
	d.watch.Standings(func(ctx context.Context) ([]market.Standing, error) { return store.Standings(ctx, asked) }, timetable, most)
	return nil
}

// doors are where the service listens. Whoever watches has none, unless the configuration gives them one.
type doors struct {
	api, metrics, pprof net.Listener
	certificate         *server.Certificate // of the API; nil where it is served without TLS
}

// openDoors takes all ports: that one is in use should be known before anything is started.
func openDoors(ctx context.Context, cfg config.Config) (open doors, err error) {
	port := cfg.Port
	for _, door := range []struct {
		at            *net.Listener
		host, setting string
		port          *int
	}{{&open.api, cfg.Host, "PORT", &port}, {&open.metrics, cfg.Host, "METRICS_PORT", cfg.Watching.MetricsPort}, {&open.pprof, "127.0.0.1", "PPROF_PORT", cfg.Watching.PprofPort}} {
		if door.port == nil {
			continue
		}
		l, err := server.Listen(ctx, net.JoinHostPort(door.host, strconv.Itoa(*door.port)), door.setting)
		if err != nil {
			return doors{}, errors.Join(err, open.Close())
		}
		*door.at = l
	}
	if !cfg.TLS.Enabled() {
		return open, nil
	}
	if open.certificate, err = server.LoadCertificate(cfg.TLS.CertFile, cfg.TLS.KeyFile); err != nil {
		return doors{}, errors.Join(err, open.Close())
	}
	open.api = open.certificate.Listen(open.api)
	return open, nil
}

// Close closes them before they are served at.
func (o doors) Close() (err error) {
	for _, l := range []net.Listener{o.api, o.metrics, o.pprof} {
		if l != nil {
			err = errors.Join(err, l.Close())
		}
	}
	return err
}

// watch answers those who watch, each at their own door, and follows the certificate.
func (o doors) watch(ctx context.Context, g *errgroup.Group, t *telemetry.Telemetry, log *slog.Logger) {
	if o.metrics != nil {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", t.Metrics())
		g.Go(func() error { return server.Serve(ctx, o.metrics, server.Aside(mux, log), log) })
	}
	if o.pprof != nil {
		g.Go(func() error { return server.Serve(ctx, o.pprof, server.Aside(telemetry.Profiles(), log), log) })
	}
	if o.certificate != nil {
		t.Certificate(o.certificate.Leaf)
		g.Go(func() error { o.certificate.Follow(ctx, log); return nil })
	}
}

// attrs tell where those are, in the log.
func (o doors) attrs() (attrs []any) {
	if o.metrics != nil {
		attrs = append(attrs, "metrics", o.metrics.Addr().String())
	}
	if o.pprof != nil {
		attrs = append(attrs, "pprof", o.pprof.Addr().String())
	}
	if o.certificate != nil {
		leaf := o.certificate.Leaf()
		attrs = append(attrs, "certificate_expires", leaf.NotAfter, "certificate_names", leaf.DNSNames)
	}
	return attrs
}
