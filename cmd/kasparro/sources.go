package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coingecko"
	"github.com/kasparro/kasparro/internal/source/coinpaprika"
	"github.com/kasparro/kasparro/internal/source/csvfile"
	"github.com/kasparro/kasparro/internal/upstream"
)

// sources makes every source there is, one line each. Their requests are reserved in the store, so
// that all processes share what a key may ask for; without a store each process goes by itself.
func sources(c config.Config, store *postgres.Store) []source.Source {
	return []source.Source{
		coingecko.New(coingecko.Options{BaseURL: c.CoinGecko.BaseURL, APIKey: c.CoinGecko.APIKey.Reveal(), Pages: c.CoinGecko.Pages, Client: client(store, "coingecko", c.CoinGecko.APIKey, c.CoinGecko.Plan, coingecko.Burst)}),
		coinpaprika.New(coinpaprika.Options{BaseURL: c.CoinPaprika.BaseURL, APIKey: c.CoinPaprika.APIKey.Reveal(), Client: client(store, "coinpaprika", c.CoinPaprika.APIKey, c.CoinPaprika.Plan, 1)}),
		csvfile.New(c.CSVPath),
	}
}

// longestWait is how long a request may be held back before the run fails instead.
const longestWait = 2 * time.Minute

func client(store *postgres.Store, source string, key config.Secret, plan config.Plan, burst int) *upstream.Client {
	o := upstream.Options{UserAgent: "kasparro/" + version, RequestsPerSecond: plan.RequestsPerSecond, Burst: burst, MaxWait: longestWait}
	if store != nil {
		a := postgres.Allowance{
			Credential: credential(source, key.Reveal()), PerSecond: plan.RequestsPerSecond, Burst: burst,
			PerMonth: plan.MonthlyRequests, MaxWait: longestWait,
		}
		o.Reserve = func(ctx context.Context) (time.Duration, error) { return reserve(ctx, store, a) }
	}
	return upstream.New(o)
}

// reserve takes leave for a request, and bears a database that is away for as long as a request may wait.
func reserve(ctx context.Context, store *postgres.Store, a postgres.Allowance) (time.Duration, error) {
	for deadline := time.Now().Add(longestWait / 2); ; {
		wait, err := store.Reserve(ctx, a)
		passes := errors.Is(err, market.ErrUnavailable) || errors.Is(err, market.ErrConflict)
		if !passes || time.Now().After(deadline) || !pause(ctx, readyRetry/5) {
			return wait, err
		}
	}
}

// credential names whose allowance is used: that of the source's key, which cannot be told from it.
func credential(source, key string) string {
	if key == "" {
		return source
	}
	sum := sha256.Sum256([]byte(key))
	return source + ":" + hex.EncodeToString(sum[:4])
}

// named picks sources by name, all of them where no name is given.
func named(all []source.Source, names []string) ([]source.Source, error) {
	if len(names) == 0 {
		return all, nil
	}
	var picked []source.Source
	for _, name := range names {
		i := slices.IndexFunc(all, func(s source.Source) bool { return s.Name() == name })
		if i < 0 {
			return nil, usageError{fmt.Sprintf("SOURCE: %q is none: the sources are %s", name, strings.Join(sourceNames(all), ", "))}
		}
		if !slices.Contains(picked, all[i]) {
			picked = append(picked, all[i])
		}
	}
	return picked, nil
}

func sourceNames(all []source.Source) []string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name()
	}
	return names
}

func describe(all []source.Source) []market.Source {
	list := make([]market.Source, len(all))
	for i, s := range all {
		list[i] = market.Source{Name: s.Name(), Kind: s.Kind()}
	}
	return list
}
