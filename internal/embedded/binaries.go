package embedded

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const minMajor = 15

// installation is a directory with the server's programs.
type installation struct {
	dir     string
	version string // as in "15.18" or "19beta1"
	major   int
	minor   int
}

func (i installation) postgres() string { return filepath.Join(i.dir, "postgres") }
func (i installation) initdb() string   { return filepath.Join(i.dir, "initdb") }

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) ((\d+)(?:\.(\d+))?\S*)`)

// SearchPlaces lists the directories where systems put the programs of PostgreSQL's server, PATH first. Nothing need be there.
func SearchPlaces() []string {
	var places []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			places = append(places, filepath.Dir(real))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",             // Debian, Ubuntu
		"/usr/pgsql-*/bin",                      // PostgreSQL's own RPMs
		"/usr/libexec/postgresql*",              // Alpine
		"/opt/homebrew/opt/postgresql@*/bin",    // Homebrew on Apple silicon
		"/usr/local/opt/postgresql@*/bin",       // Homebrew on Intel
		"/home/linuxbrew/.linuxbrew/opt/p*/bin", // Homebrew on Linux
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		// The only error is a malformed pattern, and these are not.
		found, _ := filepath.Glob(pattern)
		places = append(places, found...)
	}
	return places
}

// findInstallations returns those of the places that hold working server programs, newest first.
func findInstallations(ctx context.Context, places []string) []installation {
	var found []installation
	for _, dir := range places {
		candidate := installation{dir: dir}
		if info, err := os.Stat(candidate.initdb()); err != nil || info.IsDir() {
			continue
		}
		out, err := exec.CommandContext(ctx, candidate.postgres(), "--version").Output()
		match := versionPattern.FindSubmatch(out)
		if err != nil || match == nil {
			continue
		}
		candidate.version = string(match[1])
		candidate.major, _ = strconv.Atoi(string(match[2])) // digits, by the pattern
		candidate.minor, _ = strconv.Atoi(string(match[3]))
		found = append(found, candidate)
	}
	slices.SortStableFunc(found, func(a, b installation) int {
		if a.major != b.major {
			return b.major - a.major
		}
		return b.minor - a.minor
	})
	return found
}

// choose picks the newest installation that is new enough, or, for a cluster that exists, the
// newest of the major version that made it (0: there is no cluster).
func choose(found []installation, made int, dir string) (installation, error) {
	if made != 0 && made < minMajor {
		return installation{}, fmt.Errorf("%s was made by PostgreSQL %d and at least %d is needed (found here: %s): "+
			"move it with pg_upgrade, or choose another DATA_DIR; it was left as it is", dir, made, minMajor, list(found))
	}
	for _, i := range found {
		if i.major >= minMajor && (made == 0 || i.major == made) {
			return i, nil
		}
	}
	if made != 0 {
		return installation{}, fmt.Errorf("%s was made by PostgreSQL %d, but what is installed is %s: "+
			"install version %d, or choose another DATA_DIR; it was left as it is", dir, made, list(found), made)
	}
	return installation{}, fmt.Errorf("PostgreSQL's server programs, version %d or newer, are not installed (found: %s): "+
		"run `make postgres`, or install them by hand (Debian, Ubuntu: apt-get install postgresql; Fedora, RHEL: dnf install postgresql-server; "+
		"Alpine: apk add postgresql; macOS: brew install postgresql@17), or set DATABASE_URL to a server that runs elsewhere", minMajor, list(found))
}

// list names the installations for an error.
func list(found []installation) string {
	var names []string
	for _, i := range found {
		if name := fmt.Sprintf("%s in %s", i.version, i.dir); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
