// Package upstream is the outgoing HTTP: one client per upstream, with a rate limit, deadlines, a
// cap on bodies, and repeated requests where repeating can help. It gets JSON documents, and every
// way in which an API fails to send one ends in an Error of one clear line.
package upstream

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/time/rate"
)

// Options of a Client; zero means the default.
type Options struct {
	UserAgent         string        // "kasparro"
	RequestsPerSecond float64       // repeated requests count too; no limit
	Burst             int           // requests that may go at once before the limit holds them; 1
	MaxBody           int64         // bytes of a body after decompression; 32 MiB
	Timeout           time.Duration // of one attempt, its body included; 30 s
	MaxAttempts       int           // of one Get, the first included; 5
	BaseWait          time.Duration // mean wait before the first repetition, doubled each time; 500 ms
	MaxWait           time.Duration // all waits between the attempts of one Get together; 2 min
}

// Client gets JSON documents from one upstream. It is safe for concurrent use, and the rate limit
// holds over all uses together.
type Client struct {
	opts    Options
	http    *http.Client
	limiter *rate.Limiter
}

// Response is an answer with status 2xx and a JSON document.
type Response struct {
	Status    int
	Header    http.Header
	Body      []byte    // decompressed, whole, valid JSON
	FetchedAt time.Time // when the whole of it was there, our clock, UTC
	Retries   int64     // requests repeated to get it

	url string // as an Error shows it
}

// New makes a client.
func New(o Options) *Client {
	o.UserAgent = cmp.Or(o.UserAgent, "kasparro")
	o.RequestsPerSecond = cmp.Or(o.RequestsPerSecond, float64(rate.Inf))
	o.Burst = cmp.Or(o.Burst, 1)
	o.MaxBody = cmp.Or(o.MaxBody, 32<<20)
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.MaxAttempts = cmp.Or(o.MaxAttempts, 5)
	o.BaseWait = cmp.Or(o.BaseWait, 500*time.Millisecond)
	o.MaxWait = cmp.Or(o.MaxWait, 2*time.Minute)
	return &Client{
		opts:    o,
		http:    &http.Client{CheckRedirect: stayOnHost},
		limiter: rate.NewLimiter(rate.Limit(o.RequestsPerSecond), o.Burst),
	}
}

// Get gets the JSON object or array at the URL, with these headers besides its own. Statuses 408,
// 429 and 5xx, network errors, cut-off bodies and bodies that are no JSON are tried again, after
// the time that the upstream asks for or else after a random one that grows. Every error is an
// *Error; it wraps ctx.Err() where ctx ended.
func (c *Client) Get(ctx context.Context, url string, header http.Header) (Response, error) {
	waits, left := c.backOff(), c.opts.MaxWait
	for retries := int64(0); ; retries++ {
		resp, failed := c.attempt(ctx, url, header)
		if failed == nil {
			resp.url, resp.Retries = withoutSecrets(url), retries
			return resp, nil
		}
		failed.URL, failed.RetryCount = withoutSecrets(url), retries
		if ctx.Err() != nil {
			failed.Err = ctx.Err()
			return Response{}, failed
		}
		if failed.final || retries+1 >= int64(c.opts.MaxAttempts) {
			return Response{}, failed
		}
		wait := cmp.Or(failed.retryAfter, waits.NextBackOff())
		if wait > left {
			failed.note = fmt.Sprintf("trying again is due in %s, but only %s may be waited", short(wait), short(left))
			return Response{}, failed
		}
		left -= wait
		if err := sleep(ctx, wait); err != nil {
			failed.Err, failed.note = err, err.Error()+" before trying again"
			return Response{}, failed
		}
	}
}

// Array splits a document that must be a JSON array into its elements, each the very bytes that
// came. The error is an *Error.
func (r Response) Array() ([]json.RawMessage, error) {
	var elements []json.RawMessage
	if err := json.Unmarshal(r.Body, &elements); err != nil {
		message := line("no list, but " + string(r.Body))
		return nil, &Error{URL: r.url, Status: r.Status, Message: message, RetryCount: r.Retries, Err: err}
	}
	return elements, nil
}

// backOff has full jitter: each wait is anything from nothing to twice the mean.
func (c *Client) backOff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = c.opts.BaseWait
	b.Multiplier = 2
	b.RandomizationFactor = 1
	b.MaxInterval = 30 * time.Second
	b.Reset()
	return b
}

// sleep returns ctx.Err() where ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func short(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
