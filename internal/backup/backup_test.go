package backup_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/backup"
)

// made is a backup of so many bytes of a dump.
func made(t *testing.T, length int, manifest string) (file, dump []byte) {
	t.Helper()
	var to bytes.Buffer
	w := backup.NewWriter(&to)
	dump = append([]byte("PGDMP"), bytes.Repeat([]byte("0123456789abcdef"), length/16)...)
	_, err := io.Copy(w, bytes.NewReader(dump))
	require.NoError(t, err)
	size, err := w.Finish([]byte(manifest))
	require.NoError(t, err)
	require.EqualValues(t, to.Len(), size)
	return to.Bytes(), dump
}

func TestReadGivesWhatWasWritten(t *testing.T) {
	t.Parallel()
	for _, length := range []int{0, 1000, 9 << 20} { // the last one is longer than any manifest
		file, dump := made(t, length, `{"a": 1}`)
		var got bytes.Buffer
		manifest, size, err := backup.Read(iotest.OneByteReader(io.LimitReader(bytes.NewReader(file), 10)), &got)
		require.ErrorIs(t, err, backup.ErrCutOff)
		require.Nil(t, manifest)
		require.EqualValues(t, 10, size)
		got.Reset()
		manifest, size, err = backup.Read(bytes.NewReader(file), &got)
		require.NoError(t, err)
		require.Equal(t, `{"a": 1}`, string(manifest))
		require.EqualValues(t, len(file), size)
		require.True(t, bytes.HasPrefix(got.Bytes(), dump), "pg_restore is given the dump, as it was")
	}
}

func TestReadSeesWhatIsWrong(t *testing.T) {
	t.Parallel()
	file, _ := made(t, 2000, `{"a": 1}`)
	changed := func(at int) []byte {
		c := bytes.Clone(file)
		c[at] ^= 1
		return c
	}
	away := errors.New("the disk is gone")
	for name, c := range map[string]struct {
		from io.Reader
		want error
	}{
		"nothing":           {strings.NewReader(""), backup.ErrForeign},
		"something else":    {strings.NewReader("SELECT 1;"), backup.ErrForeign},
		"the beginning":     {bytes.NewReader(file[:100]), backup.ErrCutOff},
		"all but a byte":    {bytes.NewReader(file[:len(file)-1]), backup.ErrCutOff},
		"more":              {bytes.NewReader(append(bytes.Clone(file), 0)), backup.ErrDamaged},
		"a byte":            {bytes.NewReader(changed(1000)), backup.ErrDamaged},
		"a byte at the end": {bytes.NewReader(changed(len(file) - 10)), backup.ErrDamaged},
		"of the manifest":   {bytes.NewReader(changed(len(file) - 100)), backup.ErrDamaged},
		"no reading":        {iotest.ErrReader(away), away},
	} {
		_, _, err := backup.Read(c.from, io.Discard)
		require.ErrorIs(t, err, c.want, name)
	}
	_, err := backup.NewWriter(io.Discard).Finish(make([]byte, 5<<20))
	require.ErrorContains(t, err, "manifest")
}

// What may be seen in the list of processes has no password, and what the driver takes for a setting of the session is no parameter.
func TestPasswordsAreNotShown(t *testing.T) {
	t.Setenv("PGPASSWORD", "of the environment")
	t.Setenv("API_KEY", "nobody's business")
	for address, want := range map[string]struct{ shown, password string }{
		"postgres://u:p%40ss%20%27%24%3A%2F@h:5433/d?sslmode=require":                    {"postgres://u@h:5433/d?sslmode=require", "p@ss '$:/"},
		"postgres://u@h/d?password=odd%26one&search_path=x&default_query_exec_mode=exec": {"postgres://u@h/d", "odd&one"},
		"postgres://u@/d?host=%2Fvar%2Frun+dir&port=5432":                                {"postgres://u@/d?host=%2Fvar%2Frun%20dir&port=5432", "of the environment"},
		"postgresql://u:@[::1]:5432/d":                                                   {"postgresql://u@[::1]:5432/d", ""},
	} {
		shown, env, err := backup.Separate(address)
		require.NoError(t, err)
		require.Equal(t, want.shown, shown)
		passwords := slices.DeleteFunc(slices.Clone(env), func(v string) bool { return !strings.HasPrefix(v, "PGPASSWORD=") })
		require.Equal(t, []string{"PGPASSWORD=" + want.password}, passwords, "one, and not that of the environment too")
		require.NotContains(t, strings.Join(env, "\n"), "nobody's")
	}
	_, _, err := backup.Separate("postgres://u:secret\x7f@h/d")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}
