package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/kasparro/kasparro/internal/config"
)

type demoCommand struct {
	config.Flags
}

// Run serves the whole system against simulated upstreams, with data and a key of its own under
// DATA_DIR/demo, so that the demo and real data never mix.
func (c *demoCommand) Run(ctx context.Context) error {
	if c.ETLSchedule == "" {
		c.ETLSchedule = "* * * * *" // every minute: there is something to see
	}
	cfg, err := c.Load()
	if err != nil {
		return err
	}
	cfg.DataDir = filepath.Join(cfg.DataDir, "demo")
	cfg.Database = config.Database{}
	key, err := demoKey(filepath.Join(cfg.DataDir, "api_key"))
	if err != nil {
		return err
	}
	cfg.APIKey = cmp.Or(cfg.APIKey, config.Secret(key))
	base, err := startSimulator(ctx, cfg.Logger(stderr))
	if err != nil {
		return err
	}
	cfg.CoinGecko = config.CoinGecko{BaseURL: base + "/coingecko/api/v3", Pages: cfg.CoinGecko.Pages, Plan: unlimited(cfg.CoinGecko.Plan)}
	cfg.CoinPaprika = config.CoinPaprika{BaseURL: base + "/coinpaprika/v1", Plan: unlimited(cfg.CoinPaprika.Plan)}
	return serve(ctx, cfg, service{scheduler: true, started: func(url string) {
		fmt.Print(welcome(url, cfg.APIKey.Reveal(), base))
	}})
}

// unlimited is the plan without a budget: what is simulated costs nothing.
func unlimited(p config.Plan) config.Plan {
	p.MonthlyRequests = 0
	return p
}

// demoKey returns the key in the file, making one on first use.
func demoKey(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err == nil && len(strings.TrimSpace(string(text))) > 0 {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("key of the demo: %w", err)
	}
	var random [24]byte
	_, _ = rand.Read(random[:]) // it never fails: crypto/rand ends the program instead
	key := hex.EncodeToString(random[:])
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", fmt.Errorf("key of the demo: check DATA_DIR: %w", err)
	}
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("key of the demo: check DATA_DIR: %w", err)
	}
	return key, nil
}

// reachable turns an address that was listened on into one to open in a browser.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

func welcome(url, key, simulator string) string {
	return fmt.Sprintf(`
Kasparro is up. Three sources are being read, and again every minute.

  Playground  %[1]s/playground
  REST        %[1]s/docs
  Health      %[1]s/health
  Simulated   %[3]s
  API key     %[2]s

Try:

  curl -s %[1]s/health
  curl -s -H 'x-api-key: %[2]s' '%[1]s/data?limit=5&source=coinpaprika'
  curl -s -H 'x-api-key: %[2]s' -H 'content-type: application/json' %[1]s/graphql \
    -d '{"query":"{ assets(first: 3) { nodes { slug consensus { priceUsd spreadPercent } latest { source priceUsd observedAt } } } }"}'

Ctrl-C stops it; the data stays.

`, url, key, simulator)
}
