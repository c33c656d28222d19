package rest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/kasparro/kasparro/internal/market"
)

// sourceNames remembers which sources exist. Sources are added and never go, so that the
// database is asked only about a name not seen before.
type sourceNames struct {
	mu    sync.Mutex
	known []string
}

// checkSources returns a market.InputError for the first name that is no source.
func (s *service) checkSources(ctx context.Context, given []string) error {
	s.sources.mu.Lock()
	known := s.sources.known
	s.sources.mu.Unlock()
	if firstUnknown(given, known) == "" {
		return nil
	}
	states, err := s.Reader.SourceStates(ctx)
	if err != nil {
		return err
	}
	known = make([]string, len(states))
	for i, state := range states {
		known[i] = state.Name
	}
	s.sources.mu.Lock()
	s.sources.known = known
	s.sources.mu.Unlock()
	if name := firstUnknown(given, known); name != "" {
		return &market.InputError{Field: "source", Given: name, Allowed: allowedSources(name, known)}
	}
	return nil
}

func firstUnknown(given, known []string) string {
	for _, name := range given {
		if !slices.Contains(known, name) {
			return name
		}
	}
	return ""
}

func allowedSources(name string, known []string) string {
	if len(known) == 0 {
		return `there is no source "` + market.Brief(name) + `": none has been ingested yet`
	}
	return `there is no source "` + market.Brief(name) + `": expected one or more of ` + strings.Join(known, ", ")
}
