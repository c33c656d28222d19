package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/graph/live"
	"github.com/kasparro/kasparro/internal/market"
)

// open is a door that lets everybody in.
type open struct{}

func (open) Admit(ctx context.Context, _ string) (context.Context, error) { return ctx, nil }
func (open) Caller(context.Context) (string, error)                       { return "everybody", nil }
func (open) Enter(ctx context.Context) (context.Context, error)           { return ctx, nil }
func (open) Spend(context.Context, int) error                             { return nil }
func (open) Leave(context.Context)                                        {}

// liveWorld is a world with subscriptions, which notes what is read for them.
type liveWorld struct {
	*world
	market.Reader

	*testing.T
	feed   *live.Feed
	server *httptest.Server

	mu       sync.Mutex
	assets   [][]int64         // whose records were read, for each time
	payloads [][]market.Record // whose payloads were read, for each time
}

func (w *liveWorld) RecordsOf(ctx context.Context, assets []int64, f market.RecordFilter, window market.Window[market.RecordKey]) (map[int64]market.Page[market.Record], error) {
	w.mu.Lock()
	w.assets = append(w.assets, assets)
	w.mu.Unlock()
	return w.Reader.RecordsOf(ctx, assets, f, window)
}

func (w *liveWorld) Payloads(ctx context.Context, records []market.Record) (map[int64]json.RawMessage, error) {
	w.mu.Lock()
	w.payloads = append(w.payloads, records)
	w.mu.Unlock()
	return w.Reader.Payloads(ctx, records)
}

// newLiveWorld serves subscriptions whose events have that much time.
func newLiveWorld(t *testing.T, eventTime time.Duration) *liveWorld {
	w := &liveWorld{world: newWorld(t), T: t}
	w.Reader = w.store
	w.feed = live.New(w, slog.New(slog.DiscardHandler))
	o := w.options(w)
	o.Feed, o.Door, o.Limits = w.feed, open{}, graph.DefaultLimits
	o.Limits.Time = eventTime
	handler := graph.NewHandler(o)
	w.server = httptest.NewServer(handler)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { w.feed.Run(ctx) })
	t.Cleanup(func() {
		handler.Live.Close()
		w.server.Close()
		cancel()
		running.Wait()
	})
	w.feed.Wake()
	require.Eventually(t, func() bool {
		probe, stop := context.WithCancel(t.Context())
		defer stop()
		_, err := w.feed.Runs(probe, "")
		return err == nil
	}, 10*time.Second, time.Millisecond)
	return w
}

// add commits a run of that many records of each coin, hourly from an hour after noon on.
func (w *liveWorld) add(hour, records int, coins ...string) {
	var b market.Batch
	for _, coin := range coins {
		for h := range records {
			b.Observations = append(b.Observations, observe(coin, strings.ToUpper(coin[:3]), "7", noon.Add(time.Duration(hour+h)*time.Hour)))
		}
	}
	w.run(w.T, "coingecko", b, succeeded)
	w.feed.Wake()
}

// subscribe returns a function that waits for the next event. When subscribe returns, the subscription has begun.
func (w *liveWorld) subscribe(query string) func() answer {
	ctx, cancel := context.WithTimeout(w.Context(), 30*time.Second)
	w.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.server.URL+"/?query="+url.QueryEscape(query), nil)
	require.NoError(w, err)
	req.Header.Set("Accept", "text/event-stream")
	res, err := w.server.Client().Do(req)
	require.NoError(w, err)
	w.Cleanup(func() { res.Body.Close() })
	lines := bufio.NewReader(res.Body)
	return func() (a answer) {
		for {
			line, err := lines.ReadString('\n')
			require.NoError(w, err, "it has ended")
			if data, is := strings.CutPrefix(line, "data: "); is {
				require.NoError(w, json.Unmarshal([]byte(data), &a), data)
				return a
			}
		}
	}
}

// now is where a subscription goes on that begins with what is added next.
func (w *liveWorld) now() string {
	version, err := w.store.Version(w.Context())
	require.NoError(w, err)
	return market.EncodeCursor(market.AdditionScope, market.Position{Version: version})
}
