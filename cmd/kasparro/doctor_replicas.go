package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/postgres"
)

// replicas looks whether each replica is one, of this database, and up to date.
func (d *diagnosis) replicas(ctx context.Context, db *database, cfg config.Config) {
	if len(cfg.Database.ReplicaURLs) == 0 {
		return
	}
	primary, err := db.pool("doctor", 1)
	if err != nil {
		d.note("replicas", err, "", "")
		return
	}
	for i, url := range cfg.Database.ReplicaURLs {
		d.replica(ctx, fmt.Sprintf("replica %d", i+1), primary, url.Reveal(), cfg.Database.ReplicaMaxLag)
	}
}

const mendReplica = "API reads go elsewhere meanwhile; it must be a streaming standby of this database: see DATABASE_REPLICA_URLS"

func (d *diagnosis) replica(ctx context.Context, name string, primary *bun.DB, url string, limit time.Duration) {
	standby, err := postgres.Open(url, bounded("doctor", 1))
	if err != nil {
		d.note(name, err, "", mendReplica)
		return
	}
	defer func() { _ = standby.Close() }()
	fine, lag, err := compareReplica(ctx, primary, standby)
	d.note(name, err, fine, mendReplica)
	if err == nil && lag > limit {
		d.warn(name, fmt.Sprintf("it has been behind for %v, and more than %v is too much", lag.Round(time.Second), limit),
			"look at its log and at pg_stat_replication of the primary, or allow more in DATABASE_REPLICA_MAX_LAG")
	}
}

// compareReplica asks both about themselves, the primary first, which therefore is not ahead because of that.
func compareReplica(ctx context.Context, primary, standby *bun.DB) (fine string, lag time.Duration, err error) {
	p, err := postgres.NewPeer(ctx, primary)
	if err != nil {
		return "", 0, err
	}
	s, err := postgres.NewPeer(ctx, standby)
	switch {
	case err != nil:
		return "", 0, err
	case s.System != p.System:
		return "", 0, fmt.Errorf("it belongs to another cluster: its system identifier is %s, the primary's is %s", s.System, p.System)
	case !s.Standby:
		return "", 0, errors.New("it is no standby: it takes writes of its own")
	}
	pending, err := pendingMigrations(ctx, standby)
	if err != nil {
		return "", 0, err
	}
	if pending > 0 {
		return "", 0, fmt.Errorf("%d migrations have not come to it yet", pending)
	}
	commits, lag, err := postgres.Behind(ctx, primary, s.Version)
	return fmt.Sprintf("it follows, %d commits and %d bytes behind", commits, max(p.Position-s.Position, 0)), lag, err
}
