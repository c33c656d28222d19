package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/config"
)

func at(t *testing.T, text string) (i instant) {
	t.Helper()
	require.NoError(t, i.UnmarshalText([]byte(text)))
	return i
}

func TestInstants(t *testing.T) {
	require.Equal(t, time.Date(2024, 1, 31, 0, 0, 0, 0, time.UTC), at(t, "2024-01-31").Time)
	require.Equal(t, time.Date(2024, 1, 31, 10, 0, 7, 0, time.UTC), at(t, "2024-01-31T12:00:07.9+02:00").Time)
	for _, text := range []string{"", "yesterday", "2024-02-30", "31.1.2024", "2024-01-31 12:00"} {
		require.ErrorContains(t, new(instant).UnmarshalText([]byte(text)), "2024-01-31T12:00:00Z", text)
	}
}

func TestFlagsOfHistoryMustGoTogether(t *testing.T) {
	now := time.Date(2024, 3, 1, 12, 34, 56, 0, time.UTC)
	from, none := at(t, "2024-01-01"), instant{}
	for name, c := range map[string]struct {
		stretch
		byName []string
		able   string
		wrong  string
	}{
		"the present":            {able: "coingecko coinpaprika csv"},
		"the past of all":        {stretch: stretch{From: from}, able: "coingecko coinpaprika"},
		"the past of one":        {stretch: stretch{From: from, To: at(t, "2024-02-01")}, byName: []string{"coingecko"}, able: "coingecko"},
		"up to now":              {stretch: stretch{From: at(t, "2024-03-01T11:59:59Z")}, able: "coingecko coinpaprika"},
		"the past of files":      {stretch: stretch{From: from}, byName: []string{"coingecko", "csv"}, wrong: `SOURCE: "csv" cannot be asked for history`},
		"no beginning":           {stretch: stretch{To: from}, wrong: "--from: it is needed"},
		"coins only":             {stretch: stretch{Assets: []string{"bitcoin"}}, wrong: "--from: it is needed"},
		"the wrong way round":    {stretch: stretch{From: from, To: at(t, "2023-12-31")}, wrong: "--from: 2024-01-01T00:00:00Z does not lie before the end, 2023-12-31T00:00:00Z"},
		"nothing":                {stretch: stretch{From: from, To: from}, wrong: "does not lie before the end"},
		"not an hour yet":        {stretch: stretch{From: at(t, "2024-03-01T12:00:00Z")}, wrong: "does not lie before the end"},
		"an end that lies ahead": {stretch: stretch{From: from, To: at(t, "2024-03-02")}, wrong: "--to: 2024-03-02T00:00:00Z lies ahead"},
		"nothing given":          {stretch: stretch{From: none}, byName: []string{"csv"}, able: "csv"},
	} {
		t.Run(name, func(t *testing.T) {
			picked, err := named(sources(config.Config{}, nil), c.byName)
			require.NoError(t, err)
			able, err := c.check(picked, len(c.byName) > 0, now)
			if c.wrong != "" {
				require.ErrorContains(t, err, c.wrong)
				require.ErrorIs(t, err, config.ErrInvalid)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.able, strings.Join(sourceNames(able), " "))
		})
	}
}

func TestCoinsAreNamedInShort(t *testing.T) {
	require.Equal(t, "bitcoin,ethereum", together([]string{"bitcoin", "ethereum"}))
	require.Regexp(t, `^1 coins [0-9a-f]{12}$`, together([]string{"all"}), "all is the name of all of them")
	many := strings.Split(strings.Repeat("coin,", 30), ",")
	require.Regexp(t, `^31 coins [0-9a-f]{12}$`, together(many))
	require.NotEqual(t, together(many), together(append(many, "x")))
}
