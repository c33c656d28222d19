package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/kasparro/kasparro/internal/server"
	"github.com/kasparro/kasparro/internal/simulator"
)

type simulateCommand struct {
	Host  string `default:"127.0.0.1" help:"Address to listen on."`
	Port  int    `default:"8001" help:"Port to listen on, 0 for any free one."`
	Seed  int64  `default:"1" help:"The market that is simulated: equal seeds, equal prices."`
	Coins int    `default:"0" help:"How many coins, the largest first; 0 for all."`

	Tick time.Duration `default:"1m" help:"How often prices move on."`
	Keep int           `default:"200" help:"How many of the last answers /control/requests tells of; -1 for all."`
}

// Run serves the simulated upstreams until it is told to stop.
func (c *simulateCommand) Run(ctx context.Context) error {
	l, err := server.Listen(ctx, net.JoinHostPort(c.Host, strconv.Itoa(c.Port)), "PORT")
	if err != nil {
		return err
	}
	base := "http://" + l.Addr().String()
	fmt.Printf("CoinGecko    %s/coingecko/api/v3\nCoinPaprika  %s/coinpaprika/v1\nfaults       %s/control/faults\n", base, base, base)
	sim := simulator.New(simulator.Options{Seed: c.Seed, Coins: c.Coins, Now: time.Now, Tick: c.Tick, Keep: c.Keep})
	context.AfterFunc(ctx, sim.ClearFaults) // a stalled answer must not hold up the end
	return server.Serve(ctx, l, sim, slog.New(slog.NewTextHandler(os.Stderr, nil)))
}

// startSimulator serves the simulated upstreams on a free loopback port until ctx ends, and
// returns where.
func startSimulator(ctx context.Context, log *slog.Logger) (base string, err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("simulated upstreams: %w", err)
	}
	srv := &http.Server{
		Handler:           simulator.New(simulator.Options{Seed: 1, Now: time.Now}),
		ReadHeaderTimeout: 5 * time.Second,
	}
	go func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("simulated upstreams ended", "error", err)
		}
	}()
	context.AfterFunc(ctx, func() { _ = srv.Close() }) // nothing is lost with an answer cut off
	return "http://" + l.Addr().String(), nil
}
