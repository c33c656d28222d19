package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// Peer is what a server says of its place among others.
type Peer struct {
	System   string // its identifier, which a standby has from its primary
	Standby  bool
	Position int64 // bytes of WAL that it has written or, a standby, replayed since the cluster was made
	Version  int64 // of the data
}

// NewPeer asks the server of a pool.
func NewPeer(ctx context.Context, db *bun.DB) (p Peer, err error) {
	err = db.NewRaw(`SELECT system_identifier::text AS system, standby, version,
			(CASE WHEN standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0')::bigint AS position
		FROM pg_control_system(), (SELECT pg_is_in_recovery() AS standby) s, data_version`).Scan(ctx, &p)
	if err != nil {
		return Peer{}, fmt.Errorf("ask the server about itself: %w", unavailable(err))
	}
	return p, nil
}

// Behind is by how many commits, and for how long, whoever is at a version is behind the database of the pool, which is the
// primary's. What it has forgotten meanwhile is not counted.
func Behind(ctx context.Context, primary *bun.DB, version int64) (commits int64, lag time.Duration, err error) {
	var micros int64
	err = primary.NewRaw(`SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(committed_at)) * 1000000, 0)::bigint
		FROM commits WHERE version > ?`, version).Scan(ctx, &commits, &micros)
	if err != nil {
		return 0, 0, fmt.Errorf("read how old commits are: %w", unavailable(err))
	}
	return commits, time.Duration(max(micros, 0)) * time.Microsecond, nil
}
