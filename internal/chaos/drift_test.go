package chaos_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/simulator"
)

// A field that has another name is told of, with the name that it probably has now, and what there is
// without it is stored.
func TestRenamedField(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ingest()
	for upstream, renamed := range map[string]string{"coingecko": "total_volume", "coinpaprika": "beta_value"} {
		try(t, upstream+": a field of another name", func() {
			r.moveOn()
			require.NoError(t, r.sim.Misbehave(simulator.Fault{
				Upstream: upstream, Kind: "schema", Rename: map[string]string{renamed: renamed + "s"}, Times: always,
			}))
			r.ingest(upstream)
			r.sim.ClearFaults()
			require.Contains(t, r.read(`SELECT coalesce(string_agg(concat_ws(' ', kind, path, rename_candidate), ', '), '') FROM drifts WHERE run_id = ?`, r.lastRun()),
				"missing_path "+renamed+" "+renamed+"s")
			r.ingest() // the market stands still: the ledger has from this run what the other one stored
			r.sound()
		})
	}
}

// A misspelt heading of a file is taken for what it resembles, and the run says so.
func TestMisspeltHeading(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ingest("csv")
	try(t, "csv: a misspelt heading", func() {
		r.csv.append("misspelt.csv", "symbol,unix,clsoe\n"+r.csv.rows(20))
		r.ingest("csv")
		require.Contains(t, r.read("SELECT array_to_string(anomalies, ', ') FROM etl_runs WHERE id = ?", r.lastRun()),
			`misspelt.csv: the column "clsoe" is taken for "close"`)
		r.sound()
	})
}
