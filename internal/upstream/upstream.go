// Package upstream is the outgoing HTTP: one client per upstream, with a rate limit, deadlines, a
// cap on bodies, and repeated requests where repeating can help. It gets JSON documents, and every
// way in which an API fails to send one ends in an Error of one clear line.
package upstream

import (
	"cmp"
	"context"
	"net/http"
	"time"

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
	MaxWait           time.Duration // all pauses between the attempts of one Get together, and any wait for the rate limit; 2 min
	// Reserve asks for leave for one request, every repetition included, and returns how long it has
	// to wait. An error ends the Get. It takes the place of RequestsPerSecond and Burst where several
	// processes share a limit; nil: these two hold, in this process alone.
	Reserve func(ctx context.Context) (wait time.Duration, err error)
}

// Client gets JSON documents from one upstream. It is safe for concurrent use, and the rate limit
// holds over all uses together.
type Client struct {
	opts Options
	http *http.Client
}

// Response is an answer with status 2xx and a JSON document.
type Response struct {
	Status    int
	Header    http.Header
	Body      []byte    // decompressed, whole: valid JSON, or a list with elements that are not, see Array
	FetchedAt time.Time // when the whole of it was there, our clock, UTC
	Effort

	url string // as an Error shows it
}

// Effort is what it took to get an answer, or an error.
type Effort struct {
	Retries int64         // requests repeated
	Waits   int64         // times that a request was held back, by the rate limit or before a repetition
	Waited  time.Duration // how long all of them took
	Wasted  int64         // bytes of answers that were of no use, after decompression
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
	if o.Reserve == nil {
		o.Reserve = inProcess(rate.NewLimiter(rate.Limit(o.RequestsPerSecond), o.Burst), o.MaxWait)
	}
	return &Client{opts: o, http: &http.Client{CheckRedirect: stayOnHost}}
}

// Get gets the JSON object or array at the URL, with these headers besides its own. Statuses 408,
// 429 and 5xx, network errors, cut-off bodies and bodies that are no JSON are tried again, after
// the time that the upstream asks for or else after a random one that grows. Every error is an
// *Error; it wraps ctx.Err() where ctx ended, and what Reserve said where that failed.
func (c *Client) Get(ctx context.Context, url string, header http.Header) (Response, error) {
	p, pauses := &patience{left: c.opts.MaxWait}, backOff(c.opts.BaseWait)
	var failed *Error
	for {
		if err := c.admit(ctx, p); err != nil {
			return Response{}, stopped(failed, err, url, p)
		}
		if failed != nil {
			p.Retries++
		}
		var resp Response
		if resp, failed = c.attempt(ctx, url, header); failed == nil {
			resp.url, resp.Effort = withoutSecrets(url), p.Effort
			return resp, nil
		}
		p.Wasted += failed.read
		failed.URL, failed.Spent = withoutSecrets(url), p.Effort
		if ctx.Err() != nil {
			failed.Err = ctx.Err()
			return Response{}, failed
		}
		if failed.final || p.Retries+1 >= int64(c.opts.MaxAttempts) {
			return Response{}, failed
		}
		if err := p.pause(ctx, cmp.Or(failed.retryAfter, pauses.NextBackOff())); err != nil {
			return Response{}, stopped(failed, err, url, p)
		}
	}
}
