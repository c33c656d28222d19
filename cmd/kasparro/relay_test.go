package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// relaySaw is what the store of Relay held of a fragment after so many pages.
type relaySaw struct {
	Fragment string
	Page     int
	IDs      []string
	More     bool
}

// The compiler takes our schema for one of Relay's: connections, and node to fetch more of one below an object.
func TestRelay(t *testing.T) {
	t.Parallel()
	dir, err := clients()
	require.NoError(t, err)
	code, sdl, stderr := finish(t, t.TempDir(), nil, "schema")
	require.Equal(t, exitDone, code, stderr)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "relay", "schema.graphql"), []byte(sdl), 0o600))

	s := serveCoins(t, 60)
	p := s.startClient("relay.mjs")
	pages := map[string][]relaySaw{}
	for line := range p.lines {
		saw := told[relaySaw](p, line)
		pages[saw.Fragment] = append(pages[saw.Fragment], saw)
	}
	require.Zero(t, p.wait(), p.stderr.String())
	for fragment, c := range map[string]struct {
		size int
		rows string
	}{
		"history": {100, "JOIN assets a ON a.id = l.asset_id WHERE a.slug = 'bitcoin'"},
		"newest":  {25, "JOIN sources s ON s.id = r.source_id WHERE s.name = 'coingecko'"},
	} {
		var rows int
		require.NoError(t, s.db.NewRaw("SELECT count(*) FROM records r JOIN listings l ON l.id = r.listing_id "+c.rows).Scan(t.Context(), &rows))
		require.Greater(t, rows, 2*c.size, fragment)
		require.Len(t, pages[fragment], (rows+c.size-1)/c.size, fragment)
		for i, saw := range pages[fragment] {
			require.Equal(t, i+1, saw.Page)
			require.Len(t, distinct(saw.IDs), min(rows, saw.Page*c.size), "%s: each page adds to those before", fragment)
			require.Len(t, saw.IDs, min(rows, saw.Page*c.size), fragment)
			require.Equal(t, i+1 < len(pages[fragment]), saw.More)
		}
	}
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr.String())
}
