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
	// The address that is listened on can be dialled: 0.0.0.0 and :: then mean this machine.
	url := "http://" + net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)) + "/readyz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{}} // no proxy stands between a machine and itself
	res, err := client.Do(req)
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
