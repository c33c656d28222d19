package server

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// Door lets callers in: it knows the keys, and counts what each asks for. The API asks it about what is not
// over with one answer. It is safe for concurrent use.
type Door struct {
	keys     keyring
	throttle *throttle
}

// NewDoor makes a door for the keys, each with the same limits.
func NewDoor(keys Keys, limits Throttle) *Door {
	return &Door{newKeyring(keys), newThrottle(limits, time.Now)}
}

// callerKey and visitKey are where a context holds who asks, and the request that is being answered.
type (
	callerKey struct{}
	visitKey  struct{}
)

// caller is who asks, by the digest of the key, which is not kept itself.
type caller struct {
	digest [32]byte
	scope  market.Scope
}

// visit is a request that counts as being answered until it is left.
type visit struct {
	digest [32]byte
	left   atomic.Bool
	cost   atomic.Int64
}

// ErrKey is that a key is missing or not accepted.
var ErrKey = errors.New("Invalid or missing API Key")

// Admit lets a caller in by a key, or where that is empty by the one that the request of ctx was admitted with.
// It returns the context of the caller, or ErrKey.
func (d *Door) Admit(ctx context.Context, key string) (context.Context, error) {
	if key == "" {
		if _, good := d.Caller(ctx); !good {
			return nil, ErrKey
		}
		return ctx, nil
	}
	c := caller{digest: digestOf(key), scope: d.keys.scopeOf(key)}
	if c.scope == "" {
		return nil, ErrKey
	}
	return market.WithScope(context.WithValue(ctx, callerKey{}, c), c.scope), nil
}

// Caller names the key that ctx was admitted with, which tells nothing of the key itself, and says whether it
// is still accepted, for as much as then.
func (d *Door) Caller(ctx context.Context) (name string, good bool) {
	c, ok := ctx.Value(callerKey{}).(caller)
	if !ok {
		return "", false
	}
	return hex.EncodeToString(c.digest[:8]), d.keys.scopeOfDigest(c.digest) == c.scope
}

// Enter counts an operation of the caller among the requests of the key, until it leaves. The error is a
// *market.LimitError.
func (d *Door) Enter(ctx context.Context) (context.Context, error) {
	ctx, v := d.enter(ctx)
	if v.refusal != "" {
		return nil, &market.LimitError{Met: v.met, Limit: v.limit, Err: errors.New(v.refusal)}
	}
	return ctx, nil
}

func (d *Door) enter(ctx context.Context) (context.Context, verdict) {
	c, _ := ctx.Value(callerKey{}).(caller)
	v := d.throttle.enter(c.digest)
	if v.refusal != "" {
		return ctx, v
	}
	return context.WithValue(ctx, visitKey{}, &visit{digest: c.digest}), v
}

// Leave ends that what ctx belongs to is one of the requests that are being answered: it is over, or has
// become a subscription. Twice is as good as once.
func (d *Door) Leave(ctx context.Context) {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok && !v.left.Swap(true) {
		d.throttle.leave(v.digest, int(v.cost.Load()))
	}
}

// Spend counts the cost of what is asked by the request that ctx belongs to, until it leaves. The error is a
// *market.LimitError: what is being answered for the key costs too much for this beside it.
func (d *Door) Spend(ctx context.Context, cost int) error {
	v, ok := ctx.Value(visitKey{}).(*visit)
	if !ok {
		return nil
	}
	met, ok := d.throttle.spend(v.digest, cost)
	if !ok {
		most := d.throttle.limits.Cost
		return &market.LimitError{Met: met, Limit: most, Err: fmt.Errorf(
			"what is being answered for this key would cost %d points with this; at most %d are allowed at a time: ask again in a second", met, most)}
	}
	v.cost.Add(int64(cost))
	return nil
}
