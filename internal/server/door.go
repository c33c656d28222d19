package server

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/market"
)

// Door lets callers in: it knows the keys, and counts what each asks for. The API asks it about what is not
// over with one answer. It is safe for concurrent use.
type Door struct {
	// Refused, where set before the door is used, is told of every key that is not looked at, since too many wrong ones have come from
	// its address ("" where that is not known). first is true once until all of them are forgiven.
	Refused func(address string, first bool)

	settings keyring
	stored   *apikey.Ring
	failures *failures
	throttle *throttle
}

// NewDoor makes a door for the keys, each with the same limits.
func NewDoor(keys Keys, limits Throttle) *Door {
	return &Door{
		Refused:  func(string, bool) {},
		settings: newKeyring(keys), stored: keys.Stored, failures: newFailures(time.Now), throttle: newThrottle(limits, time.Now),
	}
}

// callerKey and visitKey are where a context holds whose key it is, and the request that is being answered.
type (
	callerKey struct{}
	visitKey  struct{}
)

// visit is a request that counts as being answered until it is left.
type visit struct {
	digest [32]byte
	left   atomic.Bool
	cost   atomic.Int64
}

// ErrKey is that a key is missing or not accepted.
var ErrKey = errors.New("Invalid or missing API Key")

// unknowable is that nobody can tell at the moment whether a key is good.
type unknowable struct{ error }

// Error is for whoever sent the key.
func (unknowable) Error() string {
	return "The database is away, and with it the keys: try again soon."
}

// Unwrap returns what is wrong.
func (e unknowable) Unwrap() error { return e.error }

// Temporary is true: the key may be good.
func (unknowable) Temporary() bool { return true }

// Admit lets a caller in by a key, or where that is empty by the one that the request of ctx was admitted with.
// It returns the context of the caller. The error is ErrKey, or says why keys are not looked at for a while.
func (d *Door) Admit(ctx context.Context, key string) (context.Context, error) {
	if key == "" {
		if _, err := d.Caller(ctx); err != nil {
			return nil, err
		}
		return ctx, nil
	}
	found, err := d.check(ctx, key)
	if err != nil {
		return nil, err
	}
	ctx = market.WithActor(ctx, market.Actor{Name: d.actor(found), Address: shown(addressOf(ctx))})
	return market.WithScope(context.WithValue(ctx, callerKey{}, found), found.Scope), nil
}

// actor names a key in the audit log.
func (d *Door) actor(k apikey.Key) string {
	if _, ok := d.settings.find(k.Digest); ok {
		return k.ID
	}
	return market.KeyGlobalID(k.ID)
}

// unguessable is how many characters a key of the settings has at least that nobody finds by trying: random ones, as all that we make.
const unguessable = 32

// check lets in by a key that is not to be guessed whatever else has come from the address: so nobody who shares one, that of a
// proxy say, can lock the others out by guessing, or by a key that was revoked. A key from the settings may be short. Those need no
// database, whatever they look like.
func (d *Door) check(ctx context.Context, key string) (apikey.Key, error) {
	digest := apikey.Digest(key)
	found, ok := d.settings.find(digest)
	if ok && len(key) >= unguessable {
		return found, nil
	}
	stored, err := d.stored.Check(key)
	switch _, isKey := apikey.Parse(key); {
	case err == nil:
		return stored, nil
	case !errors.Is(err, apikey.ErrUnknown):
		return apikey.Key{}, unknowable{err}
	case isKey:
		return apikey.Key{}, ErrKey // of the past, and no guess
	}
	from := addressOf(ctx)
	err = d.failures.try(from, func() bool { return ok })
	if wait := (tooManyFailures{}); errors.As(err, &wait) {
		d.Refused(shown(from), wait.first)
	}
	if err != nil {
		return apikey.Key{}, err
	}
	return found, nil
}

// Caller names the key that ctx was admitted with, which tells nothing of the key itself. An error says that it is not
// accepted any more for as much as then; one that is Temporary, that nobody knows at the moment.
func (d *Door) Caller(ctx context.Context) (name string, err error) {
	c, ok := ctx.Value(callerKey{}).(apikey.Key)
	if !ok {
		return "", ErrKey
	}
	name = hex.EncodeToString(c.Digest[:8])
	if now, ok := d.settings.find(c.Digest); ok && now.ID == c.ID && now.Scope == c.Scope {
		return name, nil
	}
	switch err := d.stored.Good(c); {
	case err == nil:
		return name, nil
	case errors.Is(err, apikey.ErrUnknown):
		return name, ErrKey
	default:
		return name, unknowable{err}
	}
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
	c, _ := ctx.Value(callerKey{}).(apikey.Key)
	v := d.throttle.enter(c.Digest)
	if v.refusal != "" {
		return ctx, v
	}
	return context.WithValue(ctx, visitKey{}, &visit{digest: c.Digest}), v
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
