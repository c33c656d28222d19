package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"
)

// attempt asks once. The error has no URL and no count of retries yet.
func (c *Client) attempt(ctx context.Context, address string, header http.Header) (Response, *Error) {
	limited, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodGet, address, nil)
	if err != nil {
		return Response{}, &Error{Err: fmt.Errorf("not a usable URL: %w", cause(err)), final: true}
	}
	for name, values := range header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Header.Set("User-Agent", c.opts.UserAgent)
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return Response{}, c.noAnswer(err)
	}
	defer resp.Body.Close()
	most := c.opts.MaxBody + 1
	if !successful(resp.StatusCode) {
		most = min(most, maxFailure)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if failed := c.judge(resp, body, err); failed != nil {
		failed.retryAfter, failed.read = retryAfter(resp.Header), int64(len(body))
		return Response{}, failed
	}
	return Response{Status: resp.StatusCode, Header: resp.Header, Body: body, FetchedAt: time.Now().UTC()}, nil
}

// noAnswer says why there was none.
func (c *Client) noAnswer(err error) *Error {
	switch err = cause(err); {
	case errors.Is(err, errRedirect):
		return &Error{Err: err, final: true}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Err: fmt.Errorf("no answer within %s: %w", c.opts.Timeout, err)}
	}
	return &Error{Err: fmt.Errorf("cannot be reached: %w", err)}
}

// maxFailure is how much of a failure's body is read, in bytes: it ends up as one line.
const maxFailure = 64 << 10

func successful(status int) bool { return status >= 200 && status <= 299 }

// judge returns nil for an answer that is whole and what was asked for.
func (c *Client) judge(resp *http.Response, body []byte, err error) *Error {
	switch status := resp.StatusCode; {
	case !successful(status):
		message := said(body)
		return &Error{Status: status, Message: message, Err: err, final: !passing(status)}
	case int64(len(body)) > c.opts.MaxBody:
		message := fmt.Sprintf("the body is larger than the %d bytes allowed", c.opts.MaxBody)
		return &Error{Status: status, Message: message, final: true}
	case errors.Is(err, context.DeadlineExceeded):
		message := fmt.Sprintf("no whole body within %s", c.opts.Timeout)
		return &Error{Status: status, Message: message, Err: err}
	case err != nil:
		message := fmt.Sprintf("the body broke off after %d bytes: %v", len(body), err)
		return &Error{Status: status, Message: line(message), Err: err}
	}
	return judgeDocument(resp.StatusCode, body)
}

// judgeDocument finds what is no document although its status says so: pages of proxies, texts,
// halves of documents, and errors of the API in the clothes of a success.
func judgeDocument(status int, body []byte) *Error {
	start := bytes.TrimSpace(body)
	isObject, isArray := bytes.HasPrefix(start, []byte("{")), bytes.HasPrefix(start, []byte("["))
	switch {
	case len(start) == 0:
		return &Error{Status: status, Message: "an empty body where JSON was due"}
	case !isObject && !isArray:
		message := said(body)
		return &Error{Status: status, Message: message + " where JSON was due"}
	case json.Valid(body):
	case isArray && balanced(body): // only some elements are broken: those are for the caller to refuse
	default:
		return &Error{Status: status, Message: fmt.Sprintf("the JSON is broken or cut off, %d bytes came", len(body))}
	}
	if isArray {
		return nil
	}
	code, message := apiError(body)
	if code == 0 && limited.MatchString(message) {
		code = http.StatusTooManyRequests
	}
	switch {
	case code >= 400 && code <= 599:
		return &Error{Status: code, Message: line(message), final: !passing(code)}
	case code != 0 || message != "":
		return &Error{Status: status, Message: line(message), final: true}
	}
	return nil
}

// limited is how APIs say in words, and only in words, what the status 429 means.
var limited = regexp.MustCompile(`(?i)\brate limit|too many requests|throttled`)

// passing tells whether a status may be another one soon.
func passing(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500
}

// retryAfter is how long the upstream asks to wait, 0 where it asks for nothing: it does not say,
// or says 0 or a time that is over. A date counts from the upstream's own clock where it gives
// that, so that a wrong clock of ours does no harm.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		const most = 1 << 32 // seconds; more would overflow, and is too long anyway
		return time.Duration(max(0, min(seconds, most))) * time.Second
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, until.Sub(now))
}

// errRedirect is a redirect that is not followed.
var errRedirect = errors.New("a redirect is refused")

// stayOnHost refuses redirects that would carry a key to another host or into the clear.
func stayOnHost(req *http.Request, via []*http.Request) error {
	from, to := via[0].URL, req.URL
	switch {
	case from.Hostname() != to.Hostname(), from.Scheme == to.Scheme && from.Host != to.Host:
		return fmt.Errorf("%w: it leads to another host, %s", errRedirect, to.Host)
	case from.Scheme == "https" && to.Scheme != "https":
		return fmt.Errorf("%w: it leads from https to %s", errRedirect, to.Scheme)
	case len(via) >= 10:
		return fmt.Errorf("%w: it is the 10th in a row", errRedirect)
	}
	return nil
}

// cause strips the wrapping that repeats method and URL, query included.
func cause(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// withoutSecrets cuts what may hold a key off a URL: its query and its user.
func withoutSecrets(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an unreadable URL"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}
