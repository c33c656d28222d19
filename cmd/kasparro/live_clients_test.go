package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/simulator"
)

// liveSaw is a line of a script that follows what is live, of one kind each.
type liveSaw struct {
	Record string
	Run    runState
	Failed string
	Codes  []string
	Status int

	Connections int // that the records took, being cut
}

type runState struct{ ID, Source, Status string }

// liveWorld is a service whose CSV file grows, and whose other upstream is held back.
type liveWorld struct {
	*apiOnly

	client *program
	saw    []liveSaw // by the client, until now
	file   string
	rows   []string      // of the file, as the client is to tell them
	hold   chan struct{} // closed to let the other upstream answer
}

func TestWhatIsLive(t *testing.T) {
	t.Parallel()
	for script, badKey := range map[string]int{"graphql-ws.mjs": 4403, "graphql-sse.mjs": http.StatusUnauthorized} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			w := newLiveWorld(t, script)
			w.knock()
			w.grow("COIN", 3000)
			w.grow("END", 1)
			run := w.hear()
			require.Zero(t, w.client.wait(), w.client.stderr.String())
			w.judge(run, badKey)
			require.Equal(t, exitDone, w.stop(syscall.SIGTERM), w.stderr.String())
		})
	}
}

func newLiveWorld(t *testing.T, script string) *liveWorld {
	t.Helper()
	w := &liveWorld{file: filepath.Join(t.TempDir(), "prices.csv"), hold: make(chan struct{})}
	upstream := simulator.New(simulator.Options{Seed: 7, Coins: 20})
	held := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		select {
		case <-w.hold:
			upstream.ServeHTTP(out, r)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(held.Close)
	require.NoError(t, os.WriteFile(w.file, []byte("Symbol,Name,Date,Close\n"), 0o600))
	w.apiOnly = serveAPIOnly(t, "CSV_PATH="+w.file, "COINGECKO_BASE_URL="+held.URL+"/coingecko/api/v3", "COINGECKO_PAGES=1")
	w.client = w.startClient(script)
	return w
}

// grow adds so many days to the file and has it read on.
func (w *liveWorld) grow(coin string, days int) {
	t := w.t
	t.Helper()
	var text strings.Builder
	for range days {
		day := time.Date(2001, 1, 1+len(w.rows), 0, 0, 0, 0, time.UTC)
		fmt.Fprintf(&text, "%s,%s,%s,7.5\n", coin, coin, day.Format(time.DateOnly))
		w.rows = append(w.rows, coin+" "+day.Format(time.RFC3339))
	}
	file, err := os.OpenFile(w.file, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteString(text.String())
	require.NoError(t, err)
	w.ingest("csv")
}

// knock adds rows, one after the other, until the client tells of a record and of a run: nothing else shows that its
// subscriptions have begun.
func (w *liveWorld) knock() {
	w.t.Helper()
	for record, run := false, false; !record || !run; {
		w.grow("COIN", 1)
		for waiting := true; waiting; {
			select {
			case line, more := <-w.client.lines:
				if !more {
					require.Fail(w.t, "the client has ended", "with %d: %s", w.client.wait(), w.client.stderr)
				}
				saw := w.note(line)
				record, run = record || saw.Record != "", run || saw.Run.ID != ""
			default:
				waiting = false
			}
		}
	}
}

// hear starts a run whose upstream is held back until the client has told that it runs, and then reads on until the
// client ends. It returns the id of the run.
func (w *liveWorld) hear() string {
	w.t.Helper()
	run := query(w.t, w.base, testAdminKey, `mutation { run: startEtlRun(source: "coingecko") { id } }`)["run"].(map[string]any)["id"].(string)
	for saw, more := w.next(); more; saw, more = w.next() {
		if saw.Run == (runState{run, gecko, "RUNNING"}) {
			close(w.hold)
			break
		}
	}
	for more := true; more; {
		_, more = w.next()
	}
	return run
}

// next is the next line of the client; there is none where it has ended.
func (w *liveWorld) next() (saw liveSaw, more bool) {
	line, more := <-w.client.lines
	if more {
		saw = w.note(line)
	}
	return saw, more
}

func (w *liveWorld) note(line string) liveSaw {
	saw := told[liveSaw](w.client, line)
	w.saw = append(w.saw, saw)
	return saw
}

// judge holds what the client saw against what there was.
func (w *liveWorld) judge(run string, badKey int) {
	t := w.t
	t.Helper()
	failed := map[string]liveSaw{}
	var states, records []string
	connections := 0
	for _, saw := range w.saw {
		switch {
		case saw.Failed != "":
			failed[saw.Failed] = saw
		case saw.Run.ID == run && !slices.Contains(states, saw.Run.Status): // once for each page
			states = append(states, saw.Run.Status)
		case saw.Record != "":
			records = append(records, saw.Record)
		case saw.Connections != 0:
			connections = saw.Connections
		}
	}
	require.Equal(t, map[string]liveSaw{
		"source": {Failed: "source", Codes: []string{"BAD_USER_INPUT"}},
		"cursor": {Failed: "cursor", Codes: []string{"BAD_CURSOR"}},
		"field":  {Failed: "field", Codes: []string{"BAD_USER_INPUT"}},
		"key":    {Failed: "key", Codes: []string{}, Status: badKey},
	}, failed)
	require.Equal(t, []string{"RUNNING", "SUCCEEDED"}, states)
	require.Greater(t, connections, 3, "it was to be cut off, and to come back")
	w.judgeRecords(records)
}

// judgeRecords wants every row of the file from the first record on, each once.
func (w *liveWorld) judgeRecords(records []string) {
	t := w.t
	t.Helper()
	require.Greater(t, len(records), 3000)
	missed := slices.Index(w.rows, records[0])
	require.NotEqual(t, -1, missed, records[0])
	times := map[string]int{}
	for _, record := range records {
		times[record]++
	}
	for _, row := range w.rows[missed:] {
		require.Equal(t, 1, times[row], "%s is there so often", row)
		delete(times, row)
	}
	require.Empty(t, times, "nobody added them")
}
