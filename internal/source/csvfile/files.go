package csvfile

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// bundled is what is read where no path is given: real daily closes of six coins over a year.
//
//go:embed history/*.csv
var bundled embed.FS

const wanted = "give a file, a directory that holds *.csv, or a glob"

// find returns the file system that holds what was given and the sorted names of the files in
// it, with forward slashes and relative to what was given.
func find(given string) (fs.FS, []string, error) {
	if given == "" {
		history, err := fs.Sub(bundled, "history")
		if err != nil {
			return nil, nil, fmt.Errorf("bundled history: %w", err)
		}
		names, err := endingInCSV(history)
		return history, names, err
	}
	fsys, names, err := findOnDisk(given)
	if err != nil {
		return nil, nil, fmt.Errorf("CSV_PATH %q cannot be read: %w: %s", given, err, wanted)
	}
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("CSV_PATH %q matches no CSV file: %s", given, wanted)
	}
	return fsys, names, nil
}

func findOnDisk(given string) (fs.FS, []string, error) {
	// A path that exists is taken as it is, even if it looks like a glob: "prices [1].csv".
	info, err := os.Stat(given)
	switch {
	case err == nil && info.IsDir():
		fsys := os.DirFS(given)
		names, err := endingInCSV(fsys)
		return fsys, names, err
	case err == nil:
		return os.DirFS(filepath.Dir(given)), []string{filepath.Base(given)}, nil
	case strings.ContainsAny(given, "*?["):
		return findMatching(filepath.ToSlash(given))
	}
	return nil, nil, err
}

// findMatching expands a glob below the deepest directory that holds no pattern.
func findMatching(pattern string) (fs.FS, []string, error) {
	root, rest := path.Split(pattern)
	for strings.ContainsAny(root, "*?[") {
		parent, last := path.Split(strings.TrimSuffix(root, "/"))
		root, rest = parent, path.Join(last, rest)
	}
	if root == "" {
		root = "."
	}
	fsys := os.DirFS(root)
	matches, err := fs.Glob(fsys, rest)
	if err != nil {
		return nil, nil, err
	}
	isDir := func(name string) bool {
		info, err := fs.Stat(fsys, name)
		return err == nil && info.IsDir()
	}
	matches = slices.DeleteFunc(matches, isDir)
	slices.Sort(matches)
	return fsys, matches, nil
}

// endingInCSV lists the CSV files directly in fsys, sorted.
func endingInCSV(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && strings.EqualFold(path.Ext(e.Name()), ".csv") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
