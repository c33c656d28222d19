package embedded

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the system user that the server runs as. The zero account is the user of this
// process; root needs another one, because PostgreSQL refuses to run as root.
type account struct {
	name         string
	credential   *syscall.Credential
	capabilities []uintptr
}

// String names the account for people.
func (a account) String() string {
	if a.credential == nil {
		return "user " + strconv.Itoa(os.Geteuid())
	}
	return "user " + a.name
}

// uid is the number of the user that the server runs as.
func (a account) uid() int {
	if a.credential == nil {
		return os.Geteuid()
	}
	return int(a.credential.Uid)
}

// chooseAccount finds who runs the server on dir: this user, or for root the owner of an existing
// cluster, else postgres, else nobody.
func chooseAccount(dir string) (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	if uid, gid, err := owner(versionFile(dir)); err == nil && uid != 0 {
		return newAccount(uid, gid), nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(found.Uid)
		gid, gidErr := strconv.Atoi(found.Gid)
		if uidErr == nil && gidErr == nil {
			return newAccount(uid, gid), nil
		}
	}
	return account{}, fmt.Errorf("PostgreSQL refuses to run as root, and this system has neither a user postgres nor nobody to run it as: start as an ordinary user")
}

func newAccount(uid, gid int) account {
	name := strconv.Itoa(uid)
	if found, err := user.LookupId(name); err == nil {
		name = found.Username
	}
	return account{name: name, credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}} //nolint:gosec // as the system gave them
}

// command prepares a program run as the account, with an environment that says nothing of ours.
// The working directory is one that everybody may enter.
func (a account) command(ctx context.Context, deathSignal syscall.Signal, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = a.attributes(deathSignal)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	if libraries, ok := os.LookupEnv("LD_LIBRARY_PATH"); ok {
		cmd.Env = append(cmd.Env, "LD_LIBRARY_PATH="+libraries)
	}
	return cmd
}

// reach returns the account fit to reach the cluster and its socket. A parent directory such as
// /root may be closed to it; then, and only then, it gets the one capability that opens it.
func (a account) reach(ctx context.Context, bin installation, dir, socketDir string) (account, error) {
	if a.credential == nil {
		return a, nil
	}
	enter := func(acct account, where string) error {
		cmd := acct.command(ctx, syscall.SIGKILL, bin.postgres(), "--version")
		cmd.Dir = where
		if out, err := run(cmd); err != nil {
			return fmt.Errorf("%w %s", err, out)
		}
		return nil
	}
	if err := enter(a, "/"); err != nil {
		return a, fmt.Errorf("run %s as %s: %w", bin.postgres(), a, err)
	}
	closed := enter(a, filepath.Dir(dir))
	if closed == nil {
		closed = enter(a, socketDir)
	}
	if closed == nil {
		return a, nil
	}
	able := a
	able.capabilities = passClosedDirs
	if err := enter(able, "/"); err != nil || len(passClosedDirs) == 0 {
		return a, fmt.Errorf("%s, who has to run PostgreSQL because root may not, cannot get at %s (%w), and the system does not let root help: "+
			"choose a place open to that user (DATA_DIR), or start as an ordinary user", a, dir, closed)
	}
	return able, nil
}

// adopt gives a cluster that belongs to root, who cannot run it, to the account.
func adopt(dir string, a account) error {
	uid, _, err := owner(versionFile(dir))
	if err != nil {
		return err
	}
	if a.credential == nil || uid != 0 {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return a.own(path)
	})
}

// own makes path the account's; for an ordinary user it is already.
func (a account) own(path string) error {
	if a.credential == nil {
		return nil
	}
	if err := os.Lchown(path, int(a.credential.Uid), int(a.credential.Gid)); err != nil {
		return fmt.Errorf("give %s to %s: %w", path, a, err)
	}
	return nil
}

// owner tells who owns path itself, not what a symbolic link points to.
func owner(path string) (uid, gid int, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, 0, fmt.Errorf("find the owner of %s: %w", path, err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, fmt.Errorf("find the owner of %s: the file system does not tell", path)
	}
	return int(stat.Uid), int(stat.Gid), nil
}
