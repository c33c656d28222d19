package chaos_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// disk is what the tables of a rig stand on: a file system of their own that is filled up, where this
// user may mount one, and otherwise a server that is made to say that it is full.
type disk struct {
	t    *testing.T
	name string
	dir  string // empty where nothing could be mounted
}

func newDisk(t *testing.T) *disk {
	t.Helper()
	dir, err := os.MkdirTemp("", "kasparro-disk-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.Remove(dir)) })
	err = unix.Mount("kasparro", dir, "tmpfs", 0, "size=64m,mode=755")
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return &disk{t: t, name: "disk full, or so the server says (53100)"}
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	return &disk{t: t, name: "disk full (53100)", dir: dir}
}

// carry puts the records of a rig on the disk, or everything that it has.
func (d *disk) carry(r *rig, everything bool) {
	d.t.Helper()
	if d.dir == "" {
		return
	}
	cluster, err := os.Stat(r.read("SHOW data_directory"))
	require.NoError(d.t, err)
	owner := cluster.Sys().(*syscall.Stat_t)
	database := r.read("SELECT current_database()")
	place := filepath.Join(d.dir, database)
	require.NoError(d.t, os.Mkdir(place, 0o700))
	require.NoError(d.t, os.Chown(place, int(owner.Uid), int(owner.Gid)))
	r.exec("CREATE TABLESPACE " + database + " LOCATION '" + place + "'")
	if everything {
		r.exec("ALTER DATABASE " + database + " SET default_tablespace = " + database)
	}
	r.migrate()
	r.exec("ALTER TABLE records SET TABLESPACE " + database)
}

// fill leaves no room, until mend.
func (d *disk) fill(r *rig) {
	d.t.Helper()
	if d.dir == "" {
		r.exec(`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
			CREATE TRIGGER no_room BEFORE INSERT ON raw_records FOR EACH STATEMENT EXECUTE FUNCTION no_room()`)
		return
	}
	file, err := os.Create(d.ballast())
	require.NoError(d.t, err)
	for size := 1 << 20; size > 0; { // ever smaller pieces, until none goes in
		if _, err := file.Write(make([]byte, size)); err != nil {
			require.ErrorIs(d.t, err, unix.ENOSPC)
			size /= 2
		}
	}
	require.NoError(d.t, file.Close())
}

func (d *disk) mend(r *rig) {
	d.t.Helper()
	if d.dir == "" {
		r.exec("DROP FUNCTION no_room CASCADE")
		return
	}
	require.NoError(d.t, os.Remove(d.ballast()))
}

func (d *disk) ballast() string { return filepath.Join(d.dir, "ballast") }

// A full disk ends the run with that reason; the service goes on, and the next run succeeds. Where there
// is no room for the reason either, the program says it, and the run is found dead.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	d := newDisk(t) // before the databases, which must be gone before the disk is
	for _, everything := range []bool{false, true} {
		r := newRigOn(t, postgrestest.EmptyURL(t))
		d.carry(r, everything)
		r.ingest()
		for range max(1, *rounds/20) {
			what := map[bool]string{false: " under the records", true: " under everything"}[everything]
			try(t, d.name+what, func() { r.fullDisk(d, everything) })
		}
	}
}

func (r *rig) fullDisk(d *disk, everything bool) {
	t := r.t
	t.Helper()
	r.moveOn()
	r.csv.add(5, 2000)
	beside := r.serve("--no-scheduler")
	before := r.lastRun()
	d.fill(r)
	p := r.start("ingest", "csv")
	require.NotZero(t, p.wait(), "%s", &p.out)
	require.Contains(t, p.out.String()+p.log.String(), "No space left")
	if !everything {
		require.Regexp(t, "^(failed|partial): .*No space left",
			r.read("SELECT status || ': ' || error FROM etl_runs WHERE id > ?", before), "%s\n%s", &p.out, &p.log)
	}
	require.Equal(t, 200, beside.status("/readyz"))
	require.Equal(t, 200, beside.status("/data?source=csv&limit=5"))
	require.Empty(t, r.crooked())
	d.mend(r)
	beside.kill()
	r.finish()
	r.sound()
}
