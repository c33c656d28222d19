package deploy_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

type ignored struct {
	Name  string   `yaml:"dependency-name"`
	Types []string `yaml:"update-types"`
}

// Whatever names versions of others is kept up to date.
func TestDependabotLooksEverywhere(t *testing.T) {
	var bot struct {
		Updates []struct {
			Ecosystem   string `yaml:"package-ecosystem"`
			Directory   string
			Directories []string
			Ignore      []ignored
		}
	}
	readYAML(t, filepath.Join(root(t), ".github", "dependabot.yml"), &bot)
	looked := map[string][]string{}
	for _, u := range bot.Updates {
		if u.Ecosystem == "docker" || u.Ecosystem == "docker-compose" {
			require.Equal(t, []ignored{{"postgres", []string{"version-update:semver-major"}}}, u.Ignore, "%s: its files do not fit the next one", u.Ecosystem)
		} else {
			require.Empty(t, u.Ignore, u.Ecosystem)
		}
		looked[u.Ecosystem] = append(u.Directories, slices.DeleteFunc([]string{u.Directory}, func(d string) bool { return d == "" })...)
	}
	for ecosystem, name := range map[string]string{"gomod": "go.mod", "npm": "package-lock.json", "docker": "Dockerfile", "docker-compose": "docker-compose.yml"} {
		require.ElementsMatch(t, directoriesWith(t, name), looked[ecosystem], ecosystem)
	}
	require.Equal(t, []string{"/"}, looked["github-actions"])
	require.Len(t, looked, 5)
}

// directoriesWith returns where the repository has a file of the name, as seen from its root.
func directoriesWith(t *testing.T, name string) []string {
	t.Helper()
	var found []string
	require.NoError(t, fs.WalkDir(os.DirFS(root(t)), ".", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && slices.Contains([]string{".git", ".data", "node_modules"}, entry.Name()) {
			return fs.SkipDir
		}
		if err == nil && entry.Name() == name {
			found = append(found, path.Join("/", path.Dir(file)))
		}
		return err
	}))
	return found
}
