package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// ward is a database with items of CoinGecko in quarantine.
type ward struct {
	t     *testing.T
	env   []string
	db    *bun.DB
	store *postgres.Store
}

// putAside makes a ward: one item of tomorrow that is yesterday's by now, one that nobody can read, and one that
// is no JSON.
func putAside(t *testing.T) *ward {
	t.Helper()
	w := &ward{t: t, env: away(t)}
	w.db = postgrestest.Open(t, strings.TrimPrefix(w.env[0], "DATABASE_URL="))
	_, err := postgres.MigrateUp(t.Context(), w.db)
	require.NoError(t, err)
	w.store = postgres.New(w.db, identity.Resolve)
	run, err := w.store.StartRun(t.Context(), market.RunRequest{Source: "coingecko", Kind: market.KindAPI, Trigger: market.TriggerManual})
	require.NoError(t, err)
	reason := market.Reason{Code: "future_time", Field: "observed_at", Detail: "it lies ahead"}
	observed := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	_, err = w.store.CommitBatch(t.Context(), run.ID, market.Batch{Source: "coingecko", FetchedAt: time.Now(), Rejections: []market.Rejection{
		{ExternalID: "bitcoin", Reason: reason, Payload: fmt.Appendf(nil,
			`{"id":"bitcoin","symbol":"btc","name":"Bitcoin","current_price":64250.12,"last_updated":%q}`, observed)},
		{ExternalID: "odd\x1b[31m", Reason: market.Reason{Code: "bad_number", Field: "current_price", Detail: "two\nlines"},
			Payload: []byte(`{"id":"odd","current_price":"lots","last_updated":"2024-05-01T12:00:00Z"}`)},
		{Reason: market.Reason{Code: "bad_number", Detail: "no JSON"}, Payload: []byte("\xff{")},
	}})
	require.NoError(t, err)
	_, err = w.store.FinishRun(t.Context(), run.ID, market.RunEnd{Status: market.RunSucceeded})
	require.NoError(t, err)
	_, err = w.db.ExecContext(t.Context(), `UPDATE rejections SET created_at = now() - interval '3 days';
		UPDATE etl_runs SET started_at = now() - interval '3 days', finished_at = now() - interval '3 days'`)
	require.NoError(t, err)
	return w
}

// run runs the command and returns the lines that it printed.
func (w *ward) run(want int, args ...string) []string {
	w.t.Helper()
	code, out, stderr := finish(w.t, w.t.TempDir(), w.env, append([]string{"quarantine"}, args...)...)
	require.Equal(w.t, want, code, "%s%s", out, stderr)
	if want == exitUsage || want == exitFailed {
		out += stderr
	}
	return strings.Split(strings.TrimRight(out, "\n"), "\n")
}

func fields(lines []string) (table [][]string) {
	for _, line := range lines {
		table = append(table, strings.Fields(line))
	}
	return table
}

func TestQuarantineIsListed(t *testing.T) {
	t.Parallel()
	w := putAside(t)
	lines := w.run(exitDone, "list")
	require.Len(t, lines, 4)
	require.Equal(t, []string{"ID", "SOURCE", "EXTERNAL", "ID", "REASON", "FIELD", "RUN", "CREATED", "RESOLVED", "DETAIL"}, strings.Fields(lines[0]))
	require.Contains(t, lines[1], "no JSON", "newest first")
	require.Contains(t, lines[2], "odd [31m")
	require.Contains(t, lines[2], "two lines")
	require.Regexp(t, `^rejection_1 +coingecko +bitcoin +future_time +observed_at +run_1 +20\S+Z +- +it lies ahead$`, lines[3])

	require.Len(t, w.run(exitDone, "list", "--reason", "future_time"), 2)
	require.Equal(t, "There are more: --limit shows them.", w.run(exitDone, "list", "--limit", "2")[3])
	require.Equal(t, []string{"nothing of that is in quarantine"}, w.run(exitDone, "list", "csv"))
	require.Contains(t, strings.Join(w.run(exitUsage, "list", "nosuch"), " "), "the sources are coingecko, coinpaprika, csv")
	require.Contains(t, strings.Join(w.run(exitUsage, "list", "--limit", "0"), " "), "1 is the least")

	docs := w.run(exitDone, "list", "--json", "coingecko")
	require.Len(t, docs, 3)
	var newest, oldest map[string]any
	require.NoError(t, json.Unmarshal([]byte(docs[0]), &newest))
	require.NoError(t, json.Unmarshal([]byte(docs[2]), &oldest))
	require.Nil(t, newest["payload"])
	require.Equal(t, "/3s=", newest["payload_base64"])
	require.Equal(t, "bitcoin", oldest["payload"].(map[string]any)["id"])
	require.NotContains(t, oldest, "payload_base64")
	require.Equal(t, "future_time", oldest["reason"])
	require.Equal(t, "run_1", oldest["run_id"])
	require.Nil(t, oldest["resolved_at"])
}

func TestQuarantineIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := putAside(t)
	result := fields(w.run(exitDone, "retry", "coingecko"))
	require.Equal(t, [][]string{{"SOURCE", "STATUS", "TRIED", "RESOLVED", "WAITING"}, {"coingecko", "succeeded", "3", "1", "2"}}, result)

	records, err := w.store.Records(t.Context(), market.RecordFilter{}, market.RecordsNewestFirst, market.Window[market.RecordKey]{Size: 9})
	require.NoError(t, err)
	require.Len(t, records.Items, 1)
	require.Equal(t, "64250.12", records.Items[0].PriceUSD.String())
	require.EqualValues(t, 2, records.Items[0].RunID)
	waiting := w.run(exitDone, "list")
	require.Len(t, waiting, 3)
	require.Contains(t, waiting[1], "not_an_object", "the reason is that of now")
	require.Contains(t, waiting[2], "wrong_type")
	everything := w.run(exitDone, "list", "--all")
	require.Len(t, everything, 4)
	require.NotContains(t, everything[3], " - ", "it says when it was resolved")

	require.Equal(t, []string{"coingecko", "succeeded", "2", "0", "2"}, fields(w.run(exitDone, "retry", "coingecko"))[1])
	require.Equal(t, waiting, w.run(exitDone, "list"))
	runs, err := w.store.Runs(t.Context(), market.RunFilter{Streams: []string{market.StreamQuarantine}}, market.Window[int64]{Size: 9})
	require.NoError(t, err)
	require.Len(t, runs.Items, 2)
	require.Equal(t, market.Counters{Extracted: 2, Rejected: 2, Pages: 1}, runs.Items[0].Counters)
	require.Equal(t, market.Counters{Extracted: 3, Inserted: 1, Rejected: 2, Pages: 1}, runs.Items[1].Counters)
}

func TestWhatIsBeingTriedIsNotTriedTwice(t *testing.T) {
	t.Parallel()
	w := putAside(t)
	_, err := w.store.StartRun(t.Context(), market.RunRequest{
		Source: "coingecko", Kind: market.KindAPI, Stream: market.StreamQuarantine, Trigger: market.TriggerManual,
	})
	require.NoError(t, err)
	_, err = w.db.ExecContext(t.Context(), "UPDATE etl_runs SET heartbeat_at = now() + interval '1 hour' WHERE status = 'running'") // nobody gives it up
	require.NoError(t, err)
	lines := w.run(exitPartial, "retry")
	require.Equal(t, [][]string{{"coingecko", "running", "0", "0", "0"}, {"coinpaprika", "succeeded", "0", "0", "0"}, {"csv", "succeeded", "0", "0", "0"}}, fields(lines)[1:4])
	require.Contains(t, lines[4], "coingecko: ")
}

func TestQuarantineOfADatabaseThatIsNotReady(t *testing.T) {
	t.Parallel()
	w := &ward{t: t, env: away(t)}
	require.Contains(t, strings.Join(w.run(exitFailed, "list"), " "), "`kasparro migrate up` applies them")
}
