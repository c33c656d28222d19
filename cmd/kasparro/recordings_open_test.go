package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coingecko"
	"github.com/kasparro/kasparro/internal/source/coinpaprika"
	"github.com/kasparro/kasparro/internal/source/csvfile"
	"github.com/kasparro/kasparro/internal/upstream"
)

func allRecordings(t *testing.T) []recording {
	dir := recordings(t)
	list := []recording{geckoRecording(t, dir), paprikaRecording(t, dir)}
	files, err := filepath.Glob(filepath.Join(dir, "csv", "*.csv"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		list = append(list, csvRecording(t, f))
	}
	return list
}

// geckoRecording serves 250 rows in pages of 100, 100 and 50.
func geckoRecording(t *testing.T, dir string) recording {
	rows := readRows(t, filepath.Join(dir, "coingecko", "markets_usd_p1_250_allpct_2022-02-23.json"))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		from := min((page-1)*size, len(rows))
		serveRows(w, rows[from:min(from+size, len(rows))])
	}))
	t.Cleanup(srv.Close)
	rec := recording{name: "coingecko", rows: len(rows), source: func() source.Source {
		return coingecko.New(coingecko.Options{BaseURL: srv.URL, Pages: 4, PageSize: 100, Client: upstream.New(upstream.Options{})})
	}}
	rec.prices, rec.volumes = sumFields(t, rows, "current_price", "total_volume")
	return rec
}

func paprikaRecording(t *testing.T, dir string) recording {
	rows := readRows(t, filepath.Join(dir, "coinpaprika", "tickers_full_usd_2019-09-06.json"))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Last-Modified", "Fri, 06 Sep 2019 12:41:00 GMT")
		serveRows(w, rows)
	}))
	t.Cleanup(srv.Close)
	rec := recording{name: "coinpaprika", rows: len(rows), source: func() source.Source {
		return coinpaprika.New(coinpaprika.Options{BaseURL: srv.URL, Client: upstream.New(upstream.Options{})})
	}}
	quotes := make([]json.RawMessage, len(rows))
	for i, row := range rows {
		var ticker struct {
			Quotes struct{ USD json.RawMessage }
		}
		require.NoError(t, json.Unmarshal(row, &ticker))
		quotes[i] = ticker.Quotes.USD
	}
	rec.prices, rec.volumes = sumFields(t, quotes, "price", "volume_24h")
	return rec
}

func readRows(t *testing.T, path string) (rows []json.RawMessage) {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &rows))
	return rows
}

func serveRows(w http.ResponseWriter, rows []json.RawMessage) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	text := []byte("[")
	for i, row := range rows {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, row...)
	}
	_, _ = w.Write(append(text, ']'))
}

// sumFields adds up two fields of rows that have a price, reading the numbers as they stand.
func sumFields(t *testing.T, rows []json.RawMessage, price, volume string) (prices, volumes decimal.Decimal) {
	for _, row := range rows {
		var fields map[string]any
		d := json.NewDecoder(bytes.NewReader(row))
		d.UseNumber()
		require.NoError(t, d.Decode(&fields))
		p, ok := fields[price].(json.Number)
		if !ok {
			continue
		}
		prices = prices.Add(decimal.RequireFromString(p.String()))
		if v, ok := fields[volume].(json.Number); ok {
			volumes = volumes.Add(decimal.RequireFromString(v.String()))
		}
	}
	return prices, volumes
}

func csvRecording(t *testing.T, path string) recording {
	rec := recording{name: filepath.Base(path), source: func() source.Source { return csvfile.New(path) }}
	rec.rows, rec.prices, rec.volumes, rec.refused = sumCSV(t, path)
	return rec
}

// sumCSV reads a file by the names of its columns, as a person would, apart from the source.
func sumCSV(t *testing.T, path string) (rows int, prices, volumes decimal.Decimal, refused bool) {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	if banner, rest, ok := strings.Cut(string(text), "\n"); ok && strings.HasPrefix(banner, "https://") {
		text = []byte(rest)
	}
	r := csv.NewReader(bytes.NewReader(text))
	header, err := r.Read()
	require.NoError(t, err)
	column := func(names ...string) int {
		return slices.IndexFunc(header, func(h string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(h))) })
	}
	price, volume := column("close"), column("volume", "volume usd")
	refused = column("date", "unix") < 0
	for {
		row, err := r.Read()
		if err == io.EOF {
			return rows, prices, volumes, refused
		}
		require.NoError(t, err)
		rows++
		if p, ok := plainNumber(row[price]); ok {
			prices = prices.Add(p)
			if v, ok := plainNumber(row[volume]); ok {
				volumes = volumes.Add(v)
			}
		}
	}
}

func plainNumber(cell string) (decimal.Decimal, bool) {
	d, err := decimal.NewFromString(strings.ReplaceAll(cell, ",", ""))
	return d, err == nil
}
