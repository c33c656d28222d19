package deploy_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/simulator"
)

// Where no engine answers, `make up` starts processes of this machine, and `make down` ends them; the data stays.
func TestUpWithoutAnEngine(t *testing.T) {
	t.Parallel()
	upstreams := httptest.NewServer(simulator.New(simulator.Options{Seed: 1, Now: time.Now}))
	t.Cleanup(upstreams.Close)
	c := newCheckout(t)
	c.bring("internal/playground/dist") // made before any test is run
	c.env = append(c.env, "DOCKER=false", "ETL_SCHEDULE=0 0 29 2 *",
		"COINGECKO_BASE_URL="+upstreams.URL+"/coingecko/api/v3", "COINPAPRIKA_BASE_URL="+upstreams.URL+"/coinpaprika/v1")
	t.Cleanup(func() { c.run("make", "down") })

	said := c.run("make", "up")
	require.Contains(t, said, "Kasparro is healthy at "+c.base+" (native processes; log in .data/kasparro.log; keys in .env).")
	c.awaitHealthy()
	c.requireSecrets()
	key := c.secret("API_KEY")
	_, before := c.get(c.base + "/stats")
	require.Contains(t, c.run("make", "up"), "Kasparro runs already")
	file, backedUp, _ := strings.Cut(c.run("make", "backup"), ": ")
	require.Regexp(t, `^\d\.\d MB, \d+ rows in \d+ tables of kasparro at 20`, backedUp)
	said, err := c.attempt("make", "restore", "FILE="+file)
	require.Error(t, err)
	require.Contains(t, said, "the database is in use: connected to kasparro: kasparro api")

	require.Contains(t, c.run("make", "down"), "Kasparro has stopped.")
	_, rows, _ := strings.Cut(backedUp, "MB, ")
	kept := regexp.MustCompile(`DROP=(\w+)`).FindStringSubmatch(c.run("make", "restore", "FILE="+file))
	require.NotNil(t, kept)
	c.run("make", "restore", "DROP="+kept[1])
	said = c.run("make", "rehearse", "FILE="+file)
	require.Contains(t, said, "Restored kasparro: "+rows+".")
	require.NotContains(t, said, "kept")
	status, _ := c.get(c.base + "/livez")
	require.Zero(t, status)
	require.NoFileExists(t, filepath.Join(c.dir, ".data", "kasparro.pid"))
	c.run("make", "up")
	require.Equal(t, key, c.secret("API_KEY"))
	_, after := c.get(c.base + "/stats")
	require.GreaterOrEqual(t, after["total_records"], before["total_records"])
	require.Positive(t, before["total_records"])
}

// A .env that was made before there was a password in it keeps its keys, and gets one.
func TestPasswordIsAddedToAnOlderEnv(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	file := filepath.Join(c.dir, ".env")
	require.NoError(t, os.WriteFile(file, []byte("API_KEY=mine"), 0o600)) // without an end of line
	c.run("make", "password")
	made := c.secret("POSTGRES_PASSWORD")
	require.Len(t, made, 48)
	c.run("make", "password")
	require.Equal(t, made, c.secret("POSTGRES_PASSWORD"))
	require.Equal(t, "mine", c.secret("API_KEY"))
}
