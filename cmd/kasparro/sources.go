package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coingecko"
	"github.com/kasparro/kasparro/internal/source/coinpaprika"
	"github.com/kasparro/kasparro/internal/source/csvfile"
	"github.com/kasparro/kasparro/internal/upstream"
)

// sources makes every source there is, one line each.
func sources(c config.Config) []source.Source {
	return []source.Source{
		coingecko.New(coingecko.Options{BaseURL: c.CoinGecko.BaseURL, APIKey: c.CoinGecko.APIKey.Reveal(), Pages: c.CoinGecko.Pages, Client: client(coingecko.RequestsPerSecond, coingecko.Burst)}),
		coinpaprika.New(coinpaprika.Options{BaseURL: c.CoinPaprika.BaseURL, APIKey: c.CoinPaprika.APIKey.Reveal(), Client: client(coinpaprika.RequestsPerSecond, 1)}),
		csvfile.New(c.CSVPath),
	}
}

func client(perSecond float64, burst int) *upstream.Client {
	return upstream.New(upstream.Options{UserAgent: "kasparro/" + version, RequestsPerSecond: perSecond, Burst: burst})
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
