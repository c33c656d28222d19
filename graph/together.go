package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// recordsTogether is how many records of a subscription share what is read for them at most.
const recordsTogether = 100

// together is how many records share what the subscription of ctx selects beneath them: so many that all of it costs no more
// than one query may.
func together(ctx context.Context) int {
	cost, ok := graphql.GetOperationContext(ctx).Stats.GetExtension(costKey).(map[string]int)
	if !ok || cost["limit"] == 0 || cost["requested"] == 0 {
		return recordsTogether
	}
	return max(1, min(recordsTogether, cost["limit"]/cost["requested"]))
}
