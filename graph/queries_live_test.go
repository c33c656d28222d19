package graph_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/graph/live"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/server"
)

// ears are the door of a world that tells what is live: they hear when a subscription has begun.
type ears struct {
	*server.Door

	begun chan struct{}
}

// Leave is what a subscription does when it has begun.
func (e *ears) Leave(ctx context.Context) {
	e.Door.Leave(ctx)
	select {
	case e.begun <- struct{}{}:
	default:
	}
}

var bothKeys = server.Keys{Read: "a-key-to-read", Admin: "a-key-to-administer"}

// listen has the world tell what is committed, and end at once what its mutations start.
func (w *world) listen(t *testing.T) *ears {
	e := &ears{server.NewDoor(bothKeys, server.Throttle{}), make(chan struct{}, 1)}
	feed := live.New(postgres.New(postgrestest.Open(t, w.url), nil), slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{}, 2)
	go func() { feed.Run(ctx); ended <- struct{}{} }()
	go func() {
		postgres.Listen(ctx, w.url, postgres.Wakes{Commits: feed.Wake, Keys: func() {}}, func(err error) { t.Log(err) })
		ended <- struct{}{}
	}()
	t.Cleanup(func() { cancel(); <-ended; <-ended })
	require.Eventually(t, func() bool {
		probe, stop := context.WithCancel(t.Context())
		defer stop()
		_, err := feed.Runs(probe, "")
		return err == nil
	}, 10*time.Second, time.Millisecond)
	w.Handler = w.with(w.store, func(o *graph.Options) { o.Door, o.Feed, o.Operator = e, feed, soonOver{byHand{w.store}} })
	return e
}

// soonOver ends a run as soon as it has begun, so that the next can begin.
type soonOver struct{ byHand }

func (o soonOver) StartRun(ctx context.Context, source string) (market.Run, error) {
	run, err := o.byHand.StartRun(ctx, source)
	if err == nil {
		_, err = o.store.FinishRun(ctx, run.ID, market.RunEnd{Status: market.RunInterrupted})
	}
	return run, err
}

// caller is somebody with one key or the other.
func (a *asking) caller() context.Context {
	ctx, err := a.ears.Admit(a.Context(), a.q.one(bothKeys.Read, bothKeys.Admin))
	require.NoError(a, err)
	return ctx
}

// subscription draws what a subscription selects: mostly one field, and often all that it tells of.
func (q *querying) subscription() string {
	if q.IntN(8) == 0 {
		return q.selection(q.root, 5)
	}
	field := q.field(q.root, 5)
	q.bare = !strings.Contains(field, "@") && !strings.Contains(strings.SplitN(field, "{", 2)[0], "(")
	switch q.IntN(4) {
	case 0:
		return "{ ... " + q.conditional() + "{ " + field + " } }"
	case 1:
		q.fragments = append(q.fragments, "fragment S on Subscription { "+field+" }")
		return "{ ...S " + q.conditional() + " }"
	}
	return "{ " + field + " }"
}

// conditional is a directive, after which nobody knows what is left.
func (q *querying) conditional() string {
	text := q.directive()
	q.bare = q.bare && text == ""
	return text
}

// follow asks for a subscription as events, and ends it after the first, or where none need come, once it has begun.
func (a *asking) follow(request *http.Request, query string, variables map[string]any, whole bool) {
	ctx, cancel := context.WithCancel(request.Context())
	defer cancel()
	request = request.WithContext(ctx)
	request.Header.Set("Accept", "text/event-stream")
	heard := &events{httptest.NewRecorder(), cancel}
	over := make(chan struct{})
	select {
	case <-a.ears.begun: // of one before
	default:
	}
	go func() { defer close(over); a.w.ServeHTTP(heard, request) }()
	told := func() string { return fmt.Sprintf("%s\n%v\n%.600s", query, variables, heard.Body) }
	select {
	case <-over:
	case <-a.ears.begun:
		if whole && a.q.bare {
			a.w.another(a.T)
		} else {
			cancel()
		}
	}
	select {
	case <-over:
	case <-time.After(20 * time.Second):
		cancel()
		<-over
		require.FailNow(a, "nothing comes", told())
	}
	for event := range bytes.SplitSeq(heard.Body.Bytes(), []byte("\n\n")) {
		if text, is := bytes.CutPrefix(event, []byte("event: next\ndata: ")); is {
			if data := a.judge(text, query, variables, !whole, told); len(data) > 0 && string(data) != "null" {
				a.counts["event"]++
			}
		}
	}
}

// another commits a run with a record that is new.
func (w *world) another(t *testing.T) {
	w.later++
	w.run(t, "csv", market.Batch{Observations: []market.Observation{observe("Lone", "LON", "7", noon.Add(time.Duration(w.later)*time.Minute))}}, succeeded)
}

// events is a response that is enough after the first event.
type events struct {
	*httptest.ResponseRecorder

	enough func()
}

// WriteString is how events come.
func (e *events) WriteString(text string) (int, error) {
	n, err := e.ResponseRecorder.WriteString(text)
	if strings.HasPrefix(text, "event: next") {
		e.enough()
	}
	return n, err
}
