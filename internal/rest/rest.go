// Package rest answers the REST routes from a market.Reader: health and readiness, records in
// pages, statistics, runs and their comparison, and the OpenAPI description of all that with a
// Swagger UI. It knows no SQL and does no authentication.
package rest

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/kasparro/kasparro/internal/market"
)

// answerWithin bounds every request, so that a database that hangs becomes a 503.
const answerWithin = 10 * time.Second

// Options are what the routes need. All of them are required.
type Options struct {
	Reader    market.Reader
	Timetable market.Timetable
	Version   string           // of the service, as /health shows it to those who have a key
	Now       func() time.Time // the clock that freshness is judged by
	Log       *slog.Logger     // gets the cause of every error that a client is not shown
}

// service holds what the handlers share.
type service struct {
	Options
	sources sourceNames
}

// New returns the handler of all REST routes. Routes that do not exist get the plain answers of
// http.ServeMux.
func New(o Options) http.Handler {
	s := &service{Options: o}
	mux := http.NewServeMux()
	api := humago.New(mux, describe())
	api.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) { checkQuery(api, ctx, next) })
	s.registerHealth(api)
	register(s, api, keyed("data", "/data", "Records, newest first, in pages", "Records"), s.data)
	register(s, api, keyed("stats", "/stats", "Totals of every source and the last runs", "Runs"), s.stats)
	register(s, api, keyed("runs", "/runs", "Runs, newest first", "Runs"), s.runs)
	compare := keyed("compare-runs", "/compare-runs", "Two runs and how they differ", "Runs")
	compare.Errors = append(compare.Errors, http.StatusNotFound)
	register(s, api, compare, s.compareRuns)
	serveDocs(mux, api.OpenAPI())
	return mux
}

// register adds a route whose handler's errors become problems in one place.
func register[I, O any](s *service, api huma.API, op huma.Operation, answer func(context.Context, *I) (*O, error)) {
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		ctx, cancel := context.WithTimeout(ctx, answerWithin)
		defer cancel()
		out, err := answer(ctx, in)
		if err != nil {
			return nil, s.problemOf(ctx, op.Path, err)
		}
		return out, nil
	})
}

// untilTheDataChanges is the Cache-Control of an answer that says nothing but what the data says: it may be kept, and is to be
// asked for again each time.
const untilTheDataChanges = "private, no-cache"

// Meta opens every answer that needs a key. It is exported because the library describes embedded
// structs only then.
type Meta struct {
	RequestID string  `json:"request_id" doc:"The same as in the X-Request-Id header"`
	LatencyMS float64 `json:"api_latency_ms" doc:"Time taken to make this answer, in milliseconds"`
}

func newMeta(ctx context.Context, started time.Time) Meta {
	hundredths := math.Round(float64(time.Since(started)) / float64(10*time.Microsecond))
	return Meta{RequestID: market.RequestID(ctx), LatencyMS: hundredths / 100}
}
