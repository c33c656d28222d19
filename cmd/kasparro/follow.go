package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/kasparro/kasparro/graph/live"
	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/postgres"
)

// follow has the feed hear of every commit, and the ring of every change of keys, by whatever process, until ctx ends.
func follow(ctx context.Context, url string, feed *live.Feed, ring *apikey.Ring, log *slog.Logger) error {
	var told time.Time
	wrong := func(err error) {
		if time.Since(told) >= tellEvery {
			log.Warn("commits are looked for every second instead of being heard of", "error", err)
			told = time.Now()
		}
	}
	var g sync.WaitGroup
	g.Go(func() { feed.Run(ctx) })
	feed.Wake() // whoever subscribes is not kept waiting until something can be heard
	postgres.Listen(ctx, url, postgres.Wakes{Commits: feed.Wake, Keys: ring.Wake}, wrong)
	g.Wait()
	return nil
}
