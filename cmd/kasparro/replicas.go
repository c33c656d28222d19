package main

import (
	"context"
	"log/slog"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/telemetry"
)

// apiConns is how many connections the API may have open to each server.
const apiConns = 16

// reader answers what the API is asked: from the replicas, where there are any, which watch looks after until ctx ends.
func (d *database) reader(cfg config.Config, api *bun.DB, log *slog.Logger) (answers market.Reader, watch func(context.Context), err error) {
	if len(cfg.Database.ReplicaURLs) == 0 {
		return newStore(cfg, api), func(context.Context) {}, nil
	}
	urls := make([]string, len(cfg.Database.ReplicaURLs))
	for i, url := range cfg.Database.ReplicaURLs {
		urls[i] = url.Reveal()
	}
	pool := bounded("api", apiConns)
	if d.watch != nil {
		pool.Hook = d.watch.Statements(pool.Name)
	}
	router, err := postgres.NewRouter(api, d.url, urls, pool, cfg.Database.ReplicaMaxLag, log)
	if err != nil {
		return nil, nil, err
	}
	d.router = router
	if d.watch != nil {
		d.watch.Replicas(postgres.ReplicaStates, func() (list []telemetry.Replica, atPrimary int64) {
			found, atPrimary := router.Replicas()
			for _, replica := range found {
				list = append(list, telemetry.Replica(replica))
			}
			return list, atPrimary
		})
	}
	return router, router.Run, nil
}
