package main

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/kasparro/kasparro/"

// arrows says which rooms of ours a room may import. cmd may import every room; a room that is
// not named here may import none. Patterns are those of path.Match.
var arrows = map[string][]string{
	"graph":                          {"graph/generated", "graph/limits", "graph/live", "graph/model", "graph/scalar", "graph/wire", "internal/market"},
	"graph/generated":                {"graph/model", "graph/scalar", "internal/market"},
	"graph/live":                     {"graph/model", "internal/market"},
	"graph/scalar":                   {"internal/market"},
	"graph/model":                    {"graph/scalar", "internal/market"},
	"internal/rest":                  {"internal/market"},
	"internal/server":                {"internal/apikey", "internal/market"},
	"internal/apikey":                {"internal/market"},
	"internal/source":                {"internal/market"},
	"internal/telemetry":             {"internal/market"},
	"internal/source/*":              {"internal/source", "internal/upstream", "internal/market"},
	"internal/ingest":                {"internal/source", "internal/market", "internal/identity"},
	"internal/identity":              {"internal/market"},
	"internal/postgres":              {"internal/market", "migrations"},
	"internal/postgres/postgrestest": {"internal/postgres", "internal/embedded"},
}

func TestEveryArrowPointsDown(t *testing.T) {
	for room, imports := range rooms(t) {
		if strings.HasPrefix(room, "cmd/") {
			continue
		}
		for _, to := range imports {
			require.True(t, mayImport(room, to), "%s imports %s, which the house forbids", room, to)
		}
	}
}

func mayImport(from, to string) bool {
	for pattern, allowed := range arrows {
		if ok, err := path.Match(pattern, from); err == nil && ok && slices.Contains(allowed, to) {
			return true
		}
	}
	return false
}

// rooms returns the packages of ours with what they import of ours, tests left aside.
func rooms(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	require.NoError(t, err)
	found := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		ours := []string{}
		for _, i := range p.Imports {
			if to, ok := strings.CutPrefix(i, module); ok {
				ours = append(ours, to)
			}
		}
		found[strings.TrimPrefix(p.ImportPath, module)] = ours
	}
	require.Contains(t, found, "internal/market")
	return found
}

func TestTheHouseIsDrawnAsItStands(t *testing.T) {
	all := rooms(t)
	for pattern := range arrows {
		some := slices.ContainsFunc(slices.Collect(maps.Keys(all)), func(room string) bool {
			ok, err := path.Match(pattern, room)
			return err == nil && ok
		})
		require.True(t, some, "%s is named among the arrows and is no room", pattern)
	}
}
