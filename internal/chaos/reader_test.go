package chaos_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
)

// watcher asks the API, and the database itself, for as long as things are being broken, whether half
// a page is ever to be seen.
type watcher struct {
	r     *rig
	api   *api
	whole map[int64]bool // how many rows whole pages of the CSV files have
	stop  chan struct{}
	done  sync.WaitGroup
	looks int
	wrong []string // to be read once done
}

// watch starts an API beside what is broken. The CSV files must not grow meanwhile.
func (r *rig) watch() *watcher {
	r.t.Helper()
	w := &watcher{r: r, api: r.serve("--no-scheduler"), whole: map[int64]bool{0: true}, stop: make(chan struct{})}
	sum := int64(0)
	for _, rows := range r.csv.pages {
		sum += int64(rows)
		w.whole[sum] = true
	}
	w.done.Go(func() {
		for tick := time.NewTicker(lookSlow); ; w.looks++ {
			select {
			case <-w.stop:
				tick.Stop()
				return
			case <-tick.C:
				if problem := w.look(); problem != "" {
					w.wrong = append(w.wrong, problem)
				}
			}
		}
	})
	r.t.Cleanup(w.halt)
	return w
}

// look says what is wrong, if anything is: rows are written in the order of time, so both how many
// there are and which is the newest tell of half a page.
func (w *watcher) look() string {
	var doc struct {
		Data struct {
			Records struct {
				TotalCount int64
				Nodes      []struct{ ObservedAt time.Time }
			}
		}
	}
	if err := w.api.query(`{records(first: 1, filter: {source: ["csv"]}) {totalCount nodes {observedAt}}}`, &doc); err != nil {
		return err.Error()
	}
	seen, newest := doc.Data.Records, int64(0)
	if len(seen.Nodes) > 0 {
		newest = seen.Nodes[0].ObservedAt.Unix() - epoch + 1
	}
	if !w.whole[seen.TotalCount] || !w.whole[newest] {
		return fmt.Sprintf("the API showed %d rows, the newest of them being row %d: half a page", seen.TotalCount, newest)
	}
	var half []string
	if err := w.r.db.NewRaw(rules[halfPage]).Scan(context.Background(), &half); err != nil {
		return err.Error()
	}
	return strings.Join(half, ", ")
}

func (w *watcher) halt() {
	select {
	case <-w.stop:
	default:
		close(w.stop)
	}
	w.done.Wait()
}

// end stops looking and says what was seen.
func (w *watcher) end() {
	w.r.t.Helper()
	w.halt()
	require.Empty(w.r.t, w.wrong)
	require.Positive(w.r.t, w.looks)
}

// api is a process that serves.
type api struct {
	*program
	base string
}

// serve starts a process that serves, and returns when it says where.
func (r *rig) serve(args ...string) *api {
	r.t.Helper()
	a := &api{program: r.start(append([]string{"serve"}, args...)...)}
	await(r.t, "the address of the API", func() bool {
		require.False(r.t, a.ended(), "%s", &a.log)
		a.base = a.address()
		return a.base != ""
	})
	return a
}

// serveUntil starts a process that serves and runs the sources, and returns at the moment.
func (r *rig) serveUntil(m moment) *api {
	r.t.Helper()
	release := m.arm(r)
	defer release()
	a := r.serve()
	await(r.t, m.name, func() bool { return m.seen(r, a.program) })
	return a
}

// address is where it serves, as its log says, empty before.
func (a *api) address() string {
	for line := range strings.SplitSeq(a.log.String(), "\n") {
		var entry struct{ Msg, Address string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "serving" {
			return "http://" + entry.Address
		}
	}
	return ""
}

// query asks by GraphQL.
func (a *api) query(text string, into any) error {
	body, err := json.Marshal(map[string]string{"query": text})
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, a.base+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Api-Key", apiKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return json.NewDecoder(res.Body).Decode(into)
}

// status is the HTTP status of a path, 0 where there is no answer.
func (a *api) status(path string) int {
	req, err := http.NewRequest(http.MethodGet, a.base+path, nil)
	require.NoError(a.t, err)
	req.Header.Set("X-Api-Key", apiKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}
