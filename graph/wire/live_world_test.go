package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"go.uber.org/goleak"

	"github.com/kasparro/kasparro/graph/wire"
)

const (
	waitAtMost = 10 * time.Second
	pollEvery  = 5 * time.Millisecond

	goodKey  = "a-good-key"
	otherKey = "another-good-key"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keys is a door that knows two keys, and lets any number of operations of them in at first.
type keys struct {
	mu      sync.Mutex
	revoked map[string]bool
	away    bool // it cannot tell
	most    int  // operations at a time; 0 is any number
	inside  int
}

type keyIn struct{}

func (k *keys) Admit(ctx context.Context, key string) (context.Context, error) {
	if key != "" {
		ctx = context.WithValue(ctx, keyIn{}, key)
	}
	if _, err := k.Caller(ctx); err != nil {
		return nil, err
	}
	return ctx, nil
}

func (k *keys) Caller(ctx context.Context) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, _ := ctx.Value(keyIn{}).(string)
	switch {
	case k.away:
		return key, keysAway{}
	case (key == goodKey || key == otherKey) && !k.revoked[key]:
		return key, nil
	}
	return key, errors.New("no such key")
}

// keysAway is that nobody can tell which keys are good.
type keysAway struct{}

func (keysAway) Error() string   { return "the keys are away" }
func (keysAway) Temporary() bool { return true }

func (k *keys) Enter(ctx context.Context) (context.Context, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.most > 0 && k.inside >= k.most {
		return nil, fmt.Errorf("%d operations are being answered", k.inside)
	}
	k.inside++
	return context.WithValue(ctx, visitIn{}, sync.OnceFunc(func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.inside--
	})), nil
}

func (k *keys) Spend(context.Context, int) error { return nil }

type visitIn struct{}

func (k *keys) Leave(ctx context.Context) {
	if leave, ok := ctx.Value(visitIn{}).(func()); ok {
		leave()
	}
}

func (k *keys) revoke(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.revoked = map[string]bool{key: true}
}

func (k *keys) goAway() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.away = true
}

func (k *keys) answering() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.inside
}

// liveWorld is a world whose subscriptions are fed by the test.
type liveWorld struct {
	*world
	keys  *keys
	feed  chan string                 // what is sent is an event, as JSON; closed, subscriptions end
	begin func(context.Context) error // told of each subscription
	begun chan context.Context        // the context of each
	event graphql.ResponseHandler     // makes each event; nil: what is fed

	secure bool // by TLS, and so by HTTP/2 with clients who can
}

// newLiveWorld serves over sockets and as events. A request that has the header X-Key comes with that key.
func newLiveWorld(t testing.TB, change func(*liveWorld)) *liveWorld {
	w := &liveWorld{world: &world{}, keys: &keys{}, feed: make(chan string), begun: make(chan context.Context, 5000)}
	w.begin = func(context.Context) error { return nil }
	w.says(`{"any":1}`)
	exec := executor.New(&graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return schema },
		ExecFunc: func(ctx context.Context) graphql.ResponseHandler {
			if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
				return w.subscribe(ctx)
			}
			return graphql.OneShot(w.run(ctx))
		},
	})
	exec.SetQueryCache(lru.New[*ast.QueryDocument](100))
	w.Handler = wire.Handler{BadRequest: badInput, TooMany: "TOO_MANY", NoKey: "NO_KEY", Live: &wire.Live{Door: w.keys, MaxMessage: largest},
		Exec: exec}
	if change != nil {
		change(w)
	}
	w.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(out, r.Body, largest)
		if key := r.Header.Get("X-Key"); key != "" {
			r = r.WithContext(context.WithValue(r.Context(), keyIn{}, key))
		}
		w.ServeHTTP(out, r)
	}))
	if w.EnableHTTP2 = w.secure; w.secure {
		w.StartTLS()
	} else {
		w.Start()
	}
	t.Cleanup(func() {
		w.Live.Close()
		w.Close()
	})
	return w
}

// subscribe begins a subscription as generated code does.
func (w *liveWorld) subscribe(ctx context.Context) graphql.ResponseHandler {
	if err := w.begin(ctx); err != nil {
		graphql.AddError(ctx, err)
		return nil
	}
	w.begun <- ctx
	if w.event != nil {
		return w.event
	}
	return func(ctx context.Context) *graphql.Response {
		select {
		case event, more := <-w.feed:
			if !more {
				return nil
			}
			return &graphql.Response{Data: json.RawMessage(event)}
		case <-ctx.Done():
			return nil
		}
	}
}
