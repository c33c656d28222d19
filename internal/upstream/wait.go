package upstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/time/rate"
)

// patience is what one Get has spent, and how long it may still pause between attempts.
type patience struct {
	Effort
	left time.Duration
}

// tooLong is a wait that is longer than what may be waited.
type tooLong struct{ wait, left time.Duration }

// Error goes on from what is due.
func (t tooLong) Error() string {
	return fmt.Sprintf("is due in %s, but only %s may be waited", short(t.wait), short(t.left))
}

// wait holds the request back, and returns ctx.Err() where ctx ends first.
func (p *patience) wait(ctx context.Context, d time.Duration) error {
	timer, began := time.NewTimer(d), time.Now()
	defer timer.Stop()
	defer func() {
		p.Waits++
		p.Waited += time.Since(began)
	}()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pause waits before a repetition. The error is a tooLong, at once, or that of wait.
func (p *patience) pause(ctx context.Context, d time.Duration) error {
	if d > p.left {
		return tooLong{wait: d, left: p.left}
	}
	p.left -= d
	return p.wait(ctx, d)
}

// admit reserves a request and waits until it may go. The error is a tooLong, at once, that of
// wait, or what Reserve says.
func (c *Client) admit(ctx context.Context, p *patience) error {
	switch wait, err := c.opts.Reserve(ctx); {
	case err != nil:
		return err
	case wait > c.opts.MaxWait:
		return tooLong{wait: wait, left: c.opts.MaxWait}
	case wait > 0:
		return p.wait(ctx, wait)
	}
	return nil
}

// stopped is the error of a Get that could not go on asking. failed is its last attempt, nil where
// there was none.
func stopped(failed *Error, err error, url string, p *patience) *Error {
	late, isLate := errors.AsType[tooLong](err)
	switch {
	case failed == nil && isLate:
		failed = &Error{Err: fmt.Errorf("the next request under the rate limit %w", late)}
	case failed == nil:
		failed = &Error{Err: err}
	case isLate:
		failed.note = "trying again " + late.Error()
	default:
		if failed.Status == 0 {
			failed.Message = line(failed.Err.Error()) // what was wrong stays in sight
		}
		failed.Err, failed.note = err, "not tried again: "+line(err.Error())
	}
	failed.URL, failed.Spent = withoutSecrets(url), p.Effort
	return failed
}

// inProcess reserves requests for this process alone. One that would wait for too long is not
// reserved, so that it does not push back those after it.
func inProcess(l *rate.Limiter, maxWait time.Duration) func(context.Context) (time.Duration, error) {
	return func(context.Context) (time.Duration, error) {
		r := l.Reserve()
		wait := r.Delay()
		if wait > maxWait {
			r.Cancel()
		}
		return wait, nil
	}
}

// backOff has full jitter: each wait is anything from nothing to twice the mean.
func backOff(mean time.Duration) *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = mean
	b.Multiplier = 2
	b.RandomizationFactor = 1
	b.MaxInterval = 30 * time.Second
	b.Reset()
	return b
}

func short(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
