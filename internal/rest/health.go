package rest

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kasparro/kasparro/internal/market"
)

// healthWithin is how long the database may take to show that it is there.
const healthWithin = 1500 * time.Millisecond

type healthOutput struct {
	Status int
	Body   healthBody
}

type healthBody struct {
	Status           market.HealthStatus `json:"status" enum:"healthy,degraded,unhealthy"`
	DBConnectivity   bool                `json:"db_connectivity"`
	ETLLastRunStatus string              `json:"etl_last_run_status" doc:"never_run before the first run, unknown without a database"`
	ETLLastRunAt     *time.Time          `json:"etl_last_run_at" doc:"When the newest run ended, or began if it goes on; UTC"`
	Version          string              `json:"version" doc:"Of the program"`
	Sources          []sourceHealth      `json:"sources" nullable:"false"`
}

type sourceHealth struct {
	Source        string     `json:"source"`
	Status        string     `json:"status" doc:"Of its newest run; never_run before the first"`
	LastRunAt     *time.Time `json:"last_run_at"`
	LastSuccessAt *time.Time `json:"last_success_at"`
	LastError     *string    `json:"last_error"`
	NextRunAt     *time.Time `json:"next_run_at" doc:"null where nothing is scheduled"`
	Fresh         bool       `json:"fresh" doc:"Its last success is not older than its schedule allows"`
}

type probeOutput struct{ Body probeBody }

type probeBody struct {
	Status string `json:"status"`
}

func (s *service) registerHealth(api huma.API) {
	health := open("health", "/health", "How the service and each of its sources stand")
	shape := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[healthBody](), true, "")
	health.Responses = map[string]*huma.Response{"503": {
		Description: "The database is away",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: shape}},
	}}
	register(s, api, health, s.health)
	register(s, api, open("livez", "/livez", "The process is alive"), s.livez)
	ready := open("readyz", "/readyz", "The service can answer: its database is there")
	ready.Errors = []int{http.StatusServiceUnavailable}
	register(s, api, ready, s.readyz)
}

func (s *service) livez(context.Context, *struct{}) (*probeOutput, error) {
	return &probeOutput{Body: probeBody{Status: "alive"}}, nil
}

func (s *service) readyz(ctx context.Context, _ *struct{}) (*probeOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	if err := s.Reader.Ping(ctx); err != nil {
		s.logCause(ctx, "/readyz", err)
		return nil, newProblem(http.StatusServiceUnavailable, "The database cannot be reached.")
	}
	return &probeOutput{Body: probeBody{Status: "ready"}}, nil
}

func (s *service) health(ctx context.Context, _ *struct{}) (*healthOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	states, err := s.Reader.SourceStates(ctx)
	if err != nil {
		s.logCause(ctx, "/health", err)
		away := errors.Is(err, market.ErrUnavailable) || ctx.Err() != nil
		body := s.newHealthBody(market.Unreachable(), !away)
		body.ETLLastRunStatus = "unknown"
		return &healthOutput{Status: http.StatusServiceUnavailable, Body: body}, nil
	}
	body := s.newHealthBody(market.Assess(states, s.Timetable, s.Now()), true)
	return &healthOutput{Status: http.StatusOK, Body: body}, nil
}

func (s *service) newHealthBody(h market.Health, connected bool) healthBody {
	body := healthBody{
		Status: h.Status, DBConnectivity: connected, Version: s.Version,
		ETLLastRunStatus: runStatus(h.LastRun), ETLLastRunAt: lastMoment(h.LastRun),
		Sources: make([]sourceHealth, len(h.Sources)),
	}
	for i, source := range h.Sources {
		body.Sources[i] = sourceHealth{
			Source: source.Name, Status: runStatus(source.LastRun), LastRunAt: lastMoment(source.LastRun),
			LastSuccessAt: utc(source.LastSuccessAt), LastError: orNull(source.LastError),
			NextRunAt: utc(source.NextRunAt), Fresh: source.Fresh,
		}
	}
	return body
}
