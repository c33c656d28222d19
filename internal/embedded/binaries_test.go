package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakePrograms makes a directory with a postgres that says its version, for telling them apart.
func fakePrograms(t *testing.T, says string) string {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\necho '%s'\n", says)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postgres"), []byte(script), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "initdb"), []byte(script), 0o755))
	return dir
}

func TestChoosesInstallation(t *testing.T) {
	old := fakePrograms(t, "postgres (PostgreSQL) 14.11")
	debian := fakePrograms(t, "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)")
	patched := fakePrograms(t, "postgres (PostgreSQL) 16.10")
	unpatched := fakePrograms(t, "postgres (PostgreSQL) 16.9")
	beta := fakePrograms(t, "postgres (PostgreSQL) 18beta1")
	broken := fakePrograms(t, "error while loading shared libraries")
	incomplete := fakePrograms(t, "postgres (PostgreSQL) 17.5")
	require.NoError(t, os.Remove(filepath.Join(incomplete, "initdb")))
	missing := filepath.Join(t.TempDir(), "missing")

	for name, test := range map[string]struct {
		places []string
		made   int
		want   string
		says   []string
	}{
		"newest":            {places: []string{old, debian, beta, patched}, want: beta},
		"newest minor":      {places: []string{debian, unpatched, patched}, want: patched},
		"broken ones":       {places: []string{broken, incomplete, missing, debian}, want: debian},
		"what made it":      {places: []string{beta, patched, debian}, made: 15, want: debian},
		"not what made it":  {places: []string{beta, patched}, made: 15, says: []string{"PostgreSQL 15", "18beta1", "16.10", "/c"}},
		"made by too old":   {places: []string{old, debian}, made: 14, says: []string{"PostgreSQL 14", "at least 15"}},
		"only too old":      {places: []string{old}, says: []string{"14.11", "make postgres"}},
		"nothing installed": {says: []string{"15 or newer", "make postgres", "apt-get install postgresql"}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := choose(findInstallations(t.Context(), test.places), test.made, "/c")
			if test.want != "" {
				require.NoError(t, err)
				require.Equal(t, test.want, found.dir)
				return
			}
			for _, words := range test.says {
				require.ErrorContains(t, err, words)
			}
		})
	}
}

func TestFindsWhatIsInThePath(t *testing.T) {
	programs := fakePrograms(t, "postgres (PostgreSQL) 99.1")
	path := t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(programs, "postgres"), filepath.Join(path, "postgres")))
	t.Setenv("PATH", path+":"+os.Getenv("PATH"))
	found := findInstallations(t.Context(), SearchPlaces())
	require.NotEmpty(t, found)
	require.Equal(t, programs, found[0].dir)
}
