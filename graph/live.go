package graph

import "context"

// endSubscription tells the client why its subscription ends before it wanted that.
func (r *Resolver) endSubscription(ctx context.Context, err error) {
	r.Log.WarnContext(ctx, "graphql: a subscription has ended", "error", err)
}
