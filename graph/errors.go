package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/graph/wire"
	"github.com/kasparro/kasparro/internal/market"
)

// Codes of errors, in extensions.code.
const (
	CodeBadUserInput    = "BAD_USER_INPUT"
	CodeBadCursor       = "BAD_CURSOR"
	CodeUnauthenticated = "UNAUTHENTICATED"
	CodeForbidden       = "FORBIDDEN"
	CodeNotFound        = "NOT_FOUND"
	CodeQueryTooComplex = "QUERY_TOO_COMPLEX"
	CodeTooManyRequests = "TOO_MANY_REQUESTS"
	CodeTimeout         = "TIMEOUT"
	CodeInternal        = "INTERNAL"
)

// tokenLimit is how the parser begins to say that a query has too many tokens.
const tokenLimit = "exceeded token limit"

// nestingLimit is how the parser begins to say that a query is nested so deeply that it gave up.
const nestingLimit = "exceeded maximum nesting depth"

// introspectionOff is how gqlgen says that the schema is kept to itself.
const introspectionOff = "introspection disabled"

// presenter makes of an error what a client may see. What is nobody's business is logged instead.
type presenter struct {
	log      *slog.Logger
	discreet bool // suggests no names of the schema
}

// suggestion is how the validator begins to guess what was meant.
const suggestion = " Did you mean"

func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	shown := *graphql.DefaultErrorPresenter(ctx, err) // a copy: rows of a group share their error
	code := codeOf(&shown)
	switch code {
	case CodeInternal:
		shown.Message = p.conceal(ctx, err, shown.Path.String())
	case CodeTimeout:
		shown.Message = "the time for this request has run out"
	}
	if given, _ := shown.Extensions["code"].(string); given == errcode.ValidationFailed && len(shown.Path) > 1 {
		shown.Message, shown.Path = named(shown.Path, shown.Message), nil
	}
	if p.discreet {
		shown.Message, _, _ = strings.Cut(shown.Message, suggestion)
	}
	shown.Message = brief(shown.Message)
	extensions := map[string]any{"code": code}
	for name, value := range shown.Extensions {
		if name != "code" {
			extensions[name] = value
		}
	}
	var figures wire.Figures
	if errors.As(shown.Unwrap(), &figures) {
		extensions["met"], extensions["limit"] = figures.Figures()
	}
	shown.Err, shown.Extensions = nil, extensions
	return &shown
}

func codeOf(e *gqlerror.Error) string {
	var input *market.InputError
	var large *market.TooLargeError
	switch given, _ := e.Extensions["code"].(string); given {
	case "":
	case errcode.ParseFailed, errcode.ValidationFailed:
		return CodeBadUserInput
	default:
		return given
	}
	switch cause := e.Unwrap(); {
	case errors.Is(cause, market.ErrNotFound):
		return CodeNotFound
	case errors.Is(cause, market.ErrBadCursor), errors.Is(cause, market.ErrForgotten):
		return CodeBadCursor
	case errors.As(cause, &input), errors.Is(cause, market.ErrRunning):
		return CodeBadUserInput
	case errors.As(cause, &large):
		e.Message = large.Error()
		return CodeQueryTooComplex
	case errors.Is(cause, errNoKey):
		return CodeUnauthenticated
	case errors.Is(cause, errForbidden):
		return CodeForbidden
	case errors.Is(cause, context.DeadlineExceeded):
		return CodeTimeout
	case e.Message == introspectionOff:
		return CodeForbidden
	case cause == nil && len(e.Path) == 0: // gqlgen's own words about a request that it cannot read
		return CodeBadUserInput
	}
	return CodeInternal
}

// conceal logs the error, once if many rows share it, and returns what is said instead.
func (p presenter) conceal(ctx context.Context, err error, path string) string {
	id := market.RequestID(ctx)
	level := slog.LevelError
	if errors.Is(err, context.Canceled) {
		level = slog.LevelDebug // the client has gone
	}
	report := func() {
		p.log.Log(ctx, level, "graphql: field failed", "request_id", id, "path", path, "error", err)
	}
	var shared *model.Failure
	if errors.As(err, &shared) {
		shared.Report(report)
	} else {
		report()
	}
	return "internal error, request " + id
}

// recovered makes an error of a panic.
func recovered(_ context.Context, cause any) error {
	return fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
}
