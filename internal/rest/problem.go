package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kasparro/kasparro/internal/market"
)

// problem is an error answer in the shape of RFC 9457.
type problem struct {
	Title     string              `json:"title" doc:"The status in words"`
	Status    int                 `json:"status" doc:"The HTTP status"`
	Detail    string              `json:"detail" doc:"What is wrong with this request and what is allowed"`
	Instance  string              `json:"instance,omitempty" doc:"The path that was asked for"`
	Errors    []*huma.ErrorDetail `json:"errors,omitempty" nullable:"false" doc:"Every parameter that is wrong"`
	RequestID string              `json:"request_id" doc:"The same as in the X-Request-Id header"`
}

// Error returns the detail.
func (p *problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status of the answer.
func (p *problem) GetStatus() int { return p.Status }

// ContentType returns the media type of problems.
func (p *problem) ContentType(string) string { return "application/problem+json" }

// The library makes its own errors (of parameters that do not parse, say) through this variable.
func init() { huma.NewError = newProblem }

// newProblem names every wrong parameter in the detail, for those who read nothing else.
func newProblem(status int, detail string, errs ...error) huma.StatusError {
	p := &problem{Title: http.StatusText(status), Status: status, Detail: detail}
	for _, err := range errs {
		var known huma.ErrorDetailer
		if errors.As(err, &known) {
			p.Errors = append(p.Errors, brief(known.ErrorDetail()))
		}
	}
	slices.SortStableFunc(p.Errors, func(a, b *huma.ErrorDetail) int { return cmp.Compare(a.Location, b.Location) })
	var sentences []string
	for _, e := range p.Errors {
		sentences = append(sentences, strings.TrimPrefix(e.Location, "query.")+": "+e.Message)
	}
	if len(sentences) > 0 {
		p.Detail = strings.Join(sentences, "; ")
	}
	return p
}

// brief has the beginning of what was given, not all of it.
func brief(e *huma.ErrorDetail) *huma.ErrorDetail {
	if given, is := e.Value.(string); is {
		e.Value = market.Brief(given)
	}
	e.Location = market.Brief(e.Location)
	return e
}

// stamp adds to a problem which request it answers.
func stamp(ctx huma.Context, _ string, answer any) (any, error) {
	if p, ok := answer.(*problem); ok {
		url := ctx.URL()
		p.Instance = url.Path
		p.RequestID = market.RequestID(ctx.Context())
	}
	return answer, nil
}

// wrong is the error of one query parameter.
func wrong(name string, given any, message string) error {
	return &huma.ErrorDetail{Location: "query." + name, Message: message, Value: given}
}

// problemOf maps an error to what the client is shown, and logs what it is not shown.
func (s *service) problemOf(ctx context.Context, path string, err error) error {
	var ready *problem
	var input *market.InputError
	switch {
	case errors.Is(ctx.Err(), context.Canceled): // nobody reads the answer
		return newProblem(http.StatusServiceUnavailable, "The request was given up.")
	case errors.As(err, &ready):
		return ready
	case errors.As(err, &input):
		return invalid(wrong(input.Field, input.Given, input.Allowed))
	case errors.Is(err, market.ErrUnavailable):
		s.logCause(ctx, path, err)
		return newProblem(http.StatusServiceUnavailable, "The database cannot be reached. Try again in a while.")
	case errors.Is(err, context.DeadlineExceeded):
		s.logCause(ctx, path, err)
		return newProblem(http.StatusServiceUnavailable,
			fmt.Sprintf("The answer took longer than %s. Ask for less, or try again in a while.", answerWithin))
	}
	s.logCause(ctx, path, err)
	return newProblem(http.StatusInternalServerError,
		fmt.Sprintf("Something went wrong inside. Its cause is logged under request id %q.", market.RequestID(ctx)))
}

func (s *service) logCause(ctx context.Context, path string, err error) {
	s.Log.ErrorContext(ctx, "request failed", "path", path, "request_id", market.RequestID(ctx), "error", err)
}

// invalid is the answer to wrong parameters.
func invalid(errs ...error) error {
	return newProblem(http.StatusUnprocessableEntity, "validation failed", errs...)
}
