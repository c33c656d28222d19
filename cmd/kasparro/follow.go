package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/kasparro/kasparro/graph/live"
	"github.com/kasparro/kasparro/internal/postgres"
)

// follow has the feed hear of every commit, by whatever process, until ctx ends.
func follow(ctx context.Context, url string, feed *live.Feed, log *slog.Logger) error {
	var told time.Time
	wrong := func(err error) {
		if time.Since(told) >= tellEvery {
			log.Warn("commits are looked for every second instead of being heard of", "error", err)
			told = time.Now()
		}
	}
	var g sync.WaitGroup
	g.Go(func() { feed.Run(ctx) })
	postgres.Listen(ctx, url, feed.Wake, wrong)
	g.Wait()
	return nil
}
