package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/graph/limits"
	"github.com/kasparro/kasparro/internal/config"
)

// programOf stands for all but the data that an answer follows from: the program, and those settings that change what the
// same question is answered.
func programOf(cfg config.Config, documents graph.Documents) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%v %v %v", queryLimits(cfg), documents, cfg.GraphQL.Introspection)) // maps are printed in order
	return version + " " + commit + " " + hex.EncodeToString(sum[:])
}

// queryLimits are the limits of queries as they are configured.
func queryLimits(cfg config.Config) graph.Limits {
	c, l := cfg.GraphQL, graph.DefaultLimits
	l.Limits = limits.Limits{
		Tokens: c.MaxTokens, Depth: c.MaxDepth, Fields: c.MaxFields, Aliases: c.MaxAliases,
		RootFields: c.MaxRootFields, Directives: c.MaxDirectives,
		Repeats: c.MaxRepeats, NameLength: c.MaxNameLength, ListItems: c.MaxListItems, Cost: c.MaxCost,
	}
	l.PageSize, l.PayloadBytes, l.Time = c.MaxPageSize, int64(c.MaxPayloadBytes), c.Timeout
	l.RequestsPerMinute, l.ConcurrentRequests, l.ConcurrentCost = cfg.RequestsPerMinute, cfg.ConcurrentRequests, cfg.ConcurrentCost
	l.ConcurrentSubscriptions = cfg.ConcurrentSubscriptions
	return l
}
