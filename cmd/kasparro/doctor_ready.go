package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/kasparro/kasparro/internal/config"
)

// readyWithin bounds the question; the service itself answers within two seconds, database or not.
const readyWithin = 4 * time.Second

// askReady asks the service that runs beside this process whether it can answer: the health check of a container in
// which nothing else could ask. It looks at no source and writes nothing.
func askReady(ctx context.Context, cfg config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	url := addressOf(cfg) + "/readyz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	res, err := beside().Do(req)
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, res.Status)
	}
	return nil
}

// addressOf is where the service is asked from its own machine. The address that is listened on can be dialled: 0.0.0.0 and ::
// then mean this machine.
func addressOf(cfg config.Config) string {
	return schemeOf(cfg.TLS.Enabled()) + "://" + net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port))
}
