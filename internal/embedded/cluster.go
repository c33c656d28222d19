package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// resolve gives dir the one absolute name that every process uses for it, and makes its parents.
func resolve(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("the embedded PostgreSQL needs a directory for its data, none was given")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the directory %s: %w", dir, err)
	}
	parent := filepath.Dir(abs)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", unusable(parent, err)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real, nil
	}
	if parent, err = filepath.EvalSymlinks(parent); err != nil {
		return "", unusable(abs, err)
	}
	return filepath.Join(parent, filepath.Base(abs)), nil
}

// unusable says of a place that this user cannot work there.
func unusable(path string, err error) error {
	return fmt.Errorf("cannot use %s for the embedded PostgreSQL: %w: choose a directory that user %d may write (DATA_DIR), "+
		"or start as the user it belongs to", path, err, os.Geteuid())
}

func versionFile(dir string) string { return filepath.Join(dir, "PG_VERSION") }

// clusterMajor tells which major version of PostgreSQL made the cluster in dir, 0 where dir is
// missing or empty. A directory with anything else in it is an error.
func clusterMajor(dir string) (int, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(entries) == 0) {
		return 0, nil
	}
	if err != nil {
		return 0, unusable(dir, err)
	}
	text, err := os.ReadFile(versionFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("%s holds files but no PostgreSQL cluster (there is no PG_VERSION in it): "+
			"name an empty or a new directory; it was left as it is", dir)
	}
	if err != nil {
		return 0, unusable(dir, err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s does not hold the major version of PostgreSQL: %w; %s was left as it is", versionFile(dir), err, dir)
	}
	return major, nil
}

// initialise makes the cluster beside its place and moves it there when it is whole, so that an
// initialisation cut short is never taken for a cluster, nor a cluster for one cut short.
func (s *Server) initialise(ctx context.Context, bin installation, acct account) error {
	staging := s.dir + ".new"
	if err := os.RemoveAll(staging); err != nil {
		return unusable(staging, err)
	}
	if err := os.Mkdir(staging, 0o700); err != nil {
		return unusable(staging, err)
	}
	if err := acct.own(staging); err != nil {
		return err
	}
	args := []string{"--pgdata=" + staging, "--username=" + role, "--encoding=UTF8", "--locale=" + locale,
		"--auth-local=trust", "--auth-host=reject", "--no-instructions"}
	if s.fast {
		args = append(args, "--no-sync")
	}
	s.log.Info("making a PostgreSQL cluster", "dir", s.dir, "version", bin.version)
	if out, err := run(acct.command(ctx, syscall.SIGKILL, bin.initdb(), args...)); err != nil {
		err = fmt.Errorf("make a cluster with %s: %w; it said:\n%s", bin.initdb(), err, lastLines(out))
		return errors.Join(err, os.RemoveAll(staging))
	}
	if err := os.Remove(s.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unusable(s.dir, err)
	}
	if err := os.Rename(staging, s.dir); err != nil {
		return unusable(s.dir, err)
	}
	return nil
}

// arguments of the server. What is given here wins over postgresql.conf, so the cluster's files
// stay as initdb wrote them.
func (s *Server) arguments() []string {
	settings := []string{
		"listen_addresses=",
		`unix_socket_directories="` + s.socketDir + `"`,
		"unix_socket_permissions=0700",
		fmt.Sprintf("port=%d", port),
		"max_connections=100",
		"shared_buffers=128MB",
		"random_page_cost=1.1",
		"client_connection_check_interval=5s",
		"timezone=UTC",
		"log_timezone=UTC",
		"logging_collector=off",
		"log_destination=stderr",
		"log_checkpoints=off",
	}
	if s.fast {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	args := []string{"-D", s.dir}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return args
}
