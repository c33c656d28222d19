package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Programs are pg_dump and pg_restore of one installation of PostgreSQL.
type Programs struct {
	dir     string
	version string
	major   int
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) ((\d+)\S*)`)

// Find returns those of the places, or else of PATH, whose major version is the nearest to that of the server that is not
// below it: older ones cannot read it, and much newer ones may ask it for what it has not.
func Find(ctx context.Context, places []string, server int) (Programs, error) {
	if path, err := exec.LookPath("pg_dump"); err == nil {
		places = append(slices.Clone(places), filepath.Dir(path))
	}
	var best Programs
	var seen []string
	for _, dir := range places {
		p, ok := look(ctx, dir)
		if !ok {
			continue
		}
		if name := p.version + " in " + dir; !slices.Contains(seen, name) {
			seen = append(seen, name)
		}
		if p.major >= server && (best.dir == "" || p.major < best.major) {
			best = p
		}
	}
	if best.dir == "" {
		return Programs{}, fmt.Errorf("pg_dump and pg_restore of PostgreSQL %d or newer are needed, as new as the server, and found: %s. Install them "+
			"(Debian, Ubuntu: apt-get install postgresql-client-%d, from apt.postgresql.org where the system has none; macOS: brew install postgresql@%d)",
			server, strings.Join(append(seen, "nothing else"), ", "), server, server)
	}
	return best, nil
}

func look(ctx context.Context, dir string) (Programs, bool) {
	if _, err := os.Stat(filepath.Join(dir, "pg_restore")); err != nil {
		return Programs{}, false
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "pg_dump"), "--version").Output()
	match := versionPattern.FindSubmatch(out)
	if err != nil || match == nil {
		return Programs{}, false
	}
	major, err := strconv.Atoi(string(match[2]))
	return Programs{dir: dir, version: string(match[1]), major: major}, err == nil
}

// lockPatience is how long pg_dump waits for a table that somebody is changing the schema of.
const lockPatience = time.Minute

// Dump writes a dump of the database at url as it was at a snapshot that a session of it has exported and still holds.
func (p Programs) Dump(ctx context.Context, url, snapshot string, to io.Writer) error {
	cmd, err := p.command(ctx, "pg_dump", url, "--format=custom", "--snapshot="+snapshot, fmt.Sprintf("--lock-wait-timeout=%d", lockPatience.Milliseconds()))
	if err != nil {
		return err
	}
	failed := &latch{to: to}
	cmd.Stdout = failed
	err = run(cmd)
	if failed.err != nil { // pg_dump says no more than that nobody listens
		return failed.err
	}
	return err
}

// latch remembers why something could not be written.
type latch struct {
	to  io.Writer
	err error
}

// Write passes on what is written, and keeps the error of it.
func (l *latch) Write(p []byte) (n int, err error) {
	if n, err = l.to.Write(p); err != nil {
		l.err = err
	}
	return n, err
}

// Restore restores a backup into the database at url, which has to be empty, and returns what Read does. The owner of everything is
// whoever connects, and nobody else has any right. After an error there may be anything in the database.
func (p Programs) Restore(ctx context.Context, url string, from io.Reader) (manifest []byte, size int64, err error) {
	cmd, err := p.command(ctx, "pg_restore", url, "--no-owner", "--no-acl", "--exit-on-error")
	if err != nil {
		return nil, 0, err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, 0, err
	}
	cmd.Stdin = out
	ended := make(chan error, 1)
	go func() {
		ended <- run(cmd)
		_ = out.Close() // whoever still writes is told so
	}()
	manifest, size, wrong := Read(from, &untilClosed{in})
	_ = in.Close()
	err = <-ended
	if wrong != nil { // then it is the reason of whatever pg_restore complains of
		err = wrong
	}
	return manifest, size, err
}

// untilClosed drops what nobody reads any more: pg_restore leaves what is behind the dump, and says itself why it has ended early.
type untilClosed struct{ to io.Writer }

// Write takes all that it is given, and never fails: once the reader is gone the rest is dropped.
func (u *untilClosed) Write(p []byte) (int, error) {
	if u.to == nil {
		return len(p), nil
	}
	if _, err := u.to.Write(p); err != nil {
		u.to = nil
	}
	return len(p), nil
}

func (p Programs) command(ctx context.Context, name, url string, args ...string) (*exec.Cmd, error) {
	shown, env, err := separate(url)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(p.dir, name), append(args, "--no-password", "--dbname="+shown)...)
	cmd.Env = env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it has the server give up as well
	cmd.WaitDelay = 10 * time.Second
	return cmd, nil
}

// run runs a program to its end. What it says becomes the error.
func run(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	if err == nil {
		return nil
	}
	name := filepath.Base(cmd.Path)
	text := strings.TrimSpace(strings.ReplaceAll(said.String(), name+": ", ""))
	if text == "" || errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", name, err)
	}
	return fmt.Errorf("%s: %s", name, text)
}
