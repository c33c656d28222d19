package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Door is where callers come in: it knows keys, and counts what each asks for. It is safe for concurrent use.
type Door interface {
	// Admit lets the caller of a socket in, by the key that came with connection_init, or where that is empty by
	// the one that came in a header of the request that ctx belongs to. What it asks runs in the context that is
	// returned. An error says why it may not come in.
	Admit(ctx context.Context, key string) (context.Context, error)
	// Caller names the key that ctx was admitted with. An error says that it is not good any more; one with a method
	// Temporary that returns true, that nobody can tell at the moment.
	Caller(ctx context.Context) (name string, err error)
	// Enter counts an operation over a socket among the requests of its caller, until Leave is called with the
	// context that is returned. An error says, for the caller to read, what limit was met, and in Figures.
	Enter(ctx context.Context) (context.Context, error)
	// Spend counts the cost of what is asked by the request or the operation that ctx belongs to, until it leaves. An
	// error says what limit was met, as that of Enter does.
	Spend(ctx context.Context, cost int) error
	// Leave ends that a request or an operation counts as one that is being answered. Twice is as good as once.
	Leave(ctx context.Context)
}

// Times are how long what is live waits. Where one is 0, that of DefaultTimes holds.
type Times struct {
	Init  time.Duration // for connection_init
	Check time.Duration // between looking whether a key is still good
	Ping  time.Duration // between signs of life; a peer that gives none for two of them is gone
	Write time.Duration // for a client to take one message
}

// DefaultTimes are below the minute after which proxies cut what is idle.
var DefaultTimes = Times{Init: 10 * time.Second, Check: time.Second, Ping: 15 * time.Second, Write: 10 * time.Second}

// passes tells whether a key that is refused may be good again soon.
func passes(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// orDefault fills in what is not given.
func (t Times) orDefault() Times {
	return Times{
		cmp.Or(t.Init, DefaultTimes.Init), cmp.Or(t.Check, DefaultTimes.Check),
		cmp.Or(t.Ping, DefaultTimes.Ping), cmp.Or(t.Write, DefaultTimes.Write),
	}
}

// Live holds what goes on beyond one answer: the sockets and streams that are open and the subscriptions of
// each caller. It belongs to one Handler.
type Live struct {
	Door          Door
	Subscriptions int   // of one caller at a time, and as many sockets; 0 is any number
	MaxMessage    int64 // bytes of a message over a socket
	Times         Times
	// MayConnect tells of an upgrade whether the page may open a socket that it comes from, as its Origin says; where it is
	// nil, pages of the same origin may, and what is no browser.
	MayConnect func(*http.Request) bool

	mu         sync.Mutex
	open       map[any]func()
	subscribed tally
	connected  tally
	closed     bool
	running    sync.WaitGroup
}

// join notes what has been opened and how it is ended. It is false where all has to end, and otherwise part
// is to be called.
func (l *Live) join(line any, end func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	if l.open == nil {
		l.open = map[any]func(){}
	}
	l.open[line] = end
	l.running.Add(1)
	return true
}

func (l *Live) part(line any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, line)
	l.running.Done()
}

// Close ends all sockets, with the code 1001, and all streams, and returns when they have ended, which takes
// a few seconds at most where clients do not react. What comes later is turned away. nil has nothing to end.
func (l *Live) Close() {
	if l == nil {
		return
	}
	l.mu.Lock()
	l.closed = true
	for _, end := range l.open {
		go end()
	}
	l.mu.Unlock()
	l.running.Wait()
}

// tally is how many each caller has of something, by name.
type tally map[string]int

// subscribe counts a subscription of the caller; release is to be called when it has ended.
func (l *Live) subscribe(ctx context.Context) (release func(), err error) {
	return l.count(ctx, &l.subscribed, "subscriptions")
}

// connect counts a socket of the caller; release is to be called when it has ended.
func (l *Live) connect(ctx context.Context) (release func(), err error) {
	return l.count(ctx, &l.connected, "sockets")
}

func (l *Live) count(ctx context.Context, t *tally, what string) (release func(), err error) {
	caller, _ := l.Door.Caller(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	met := (*t)[caller] + 1
	if l.Subscriptions > 0 && met > l.Subscriptions {
		return nil, tooMany{met, l.Subscriptions, what}
	}
	if *t == nil {
		*t = tally{}
	}
	(*t)[caller] = met
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if (*t)[caller]--; (*t)[caller] == 0 {
			delete(*t, caller)
		}
	}, nil
}

// tooMany says that a caller has as many as it may have.
type tooMany struct {
	met, limit int
	what       string
}

// Figures are for clients that read no words.
func (t tooMany) Figures() (met, limit int64) { return int64(t.met), int64(t.limit) }

// Error is for whoever asked.
func (t tooMany) Error() string {
	return fmt.Sprintf("%d %s of this key at a time are more than the %d that are allowed", t.met, t.what, t.limit)
}

// excess is the error about a limit of the caller's.
func (h Handler) excess(err error) gqlerror.List {
	return gqlerror.List{told(err, h.TooMany)}
}

// Figures are what an error about a limit knows of it: what was met, and the most that is allowed.
type Figures interface{ Figures() (met, limit int64) }

// told makes an error for clients, with the figures that it has.
func told(err error, code string) *gqlerror.Error {
	e := &gqlerror.Error{Message: err.Error(), Extensions: map[string]any{"code": code}}
	var f Figures
	if errors.As(err, &f) {
		e.Extensions["met"], e.Extensions["limit"] = f.Figures()
	}
	return e
}
