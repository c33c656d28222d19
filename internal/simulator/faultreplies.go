package simulator

import (
	"cmp"
	"fmt"
	"net/http"
)

// The words in which each API refuses; what is not seen in the wild is put
// plainly.
const (
	geckoLimit = "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing " +
		"to subscribe to our API plans for higher rate limits."
	paprikaLimit = "too many requests"
	limitPage    = `<!DOCTYPE html>
<html lang="en-US">
<head><title>Access denied | %[1]s used Cloudflare to restrict access</title></head>
<body><h1>Error 1015</h1><h2>You are being rate limited</h2>
<p>The owner of this website (%[1]s) has banned you temporarily from accessing this website.</p></body>
</html>
`
	maintenancePage = `<!DOCTYPE html>
<html lang="en">
<head><title>Under maintenance</title></head>
<body><h1>We'll be back soon</h1><p>%s is being worked on.</p></body>
</html>
`
)

var refusals = map[string]struct {
	status         int
	gecko, paprika string
}{
	"rate_limit":       {http.StatusTooManyRequests, geckoLimit, paprikaLimit},
	"error_500":        {http.StatusInternalServerError, "Internal Server Error", "internal server error"},
	"error_503":        {http.StatusServiceUnavailable, "Service Unavailable", "service unavailable"},
	"not_found":        {http.StatusNotFound, "coin not found", paprikaNoID},
	"unauthorized":     {http.StatusUnauthorized, "API Key Missing", "unauthorized"},
	"payment_required": {http.StatusPaymentRequired, "Your plan does not include this", "monthly quota of your plan is exceeded"},
	"forbidden":        {http.StatusForbidden, "Forbidden", "invalid API key"},
}

// reply is what is sent in the API's place.
func (f *Fault) reply(h hit, s *snapshot) reply {
	host := map[string]string{"coingecko": "api.coingecko.com", "coinpaprika": "api.coinpaprika.com"}[h.name()]
	switch f.Kind {
	case "rate_limit":
		usual := ""
		if h.name() == "coingecko" {
			usual = "120"
		}
		return f.askBack(f.refuse(h, s, f.Kind), usual)
	case "rate_limit_html":
		rep := newReply(http.StatusTooManyRequests, "text/html; charset=UTF-8", fmt.Appendf(nil, limitPage, host)).
			with("Cache-Control", "private, max-age=0, no-store, no-cache, must-revalidate, post-check=0, pre-check=0")
		return f.askBack(rep, "30")
	case "rate_limit_text":
		return f.askBack(newReply(http.StatusTooManyRequests, "text/plain; charset=utf-8", []byte("Throttled")), "")
	case "rate_limit_in_200":
		rep := f.refuse(h, s, "rate_limit")
		rep.status = http.StatusOK
		return f.askBack(rep, "")
	case "html":
		return newReply(http.StatusOK, "text/html; charset=utf-8", fmt.Appendf(nil, maintenancePage, host))
	case "empty":
		return newReply(http.StatusOK, geckoJSON, []byte("[]"))
	case "redirect":
		return newReply(http.StatusFound, "text/html; charset=utf-8", nil).with("Location", f.Location)
	case "gzip_bomb":
		return newReply(http.StatusOK, geckoJSON, gzipBomb()).with("Content-Encoding", "gzip")
	case "huge_body":
		return newReply(http.StatusOK, geckoJSON, nil)
	}
	return f.askBack(f.refuse(h, s, f.Kind), "")
}

func (f *Fault) refuse(h hit, s *snapshot, kind string) reply {
	r := refusals[kind]
	if h.name() == "coinpaprika" {
		return h.failure(s, r.status, r.paprika)
	}
	return h.failure(s, r.status, r.gecko)
}

// askBack sets Retry-After as the fault says, or as is usual.
func (f *Fault) askBack(rep reply, usual string) reply {
	if wait := cmp.Or(f.RetryAfter, usual); wait != "" {
		return rep.with("Retry-After", wait)
	}
	return rep
}

// spoil changes what the API has said. A spoilt reply loses its validators, so
// that no client keeps it, and its stamps where it is not known what of it can
// be read.
func (f *Fault) spoil(rep reply) reply {
	rep.header.Del("ETag")
	rep.header.Del("Last-Modified")
	switch {
	case f.steps() == rewritten:
		return f.rewrite(rep)
	case f.Kind == "half_body":
		rep.cut, rep.stamps = true, nil
	case f.Kind == "schema":
		rep.body, rep.stamps = reshape(rep.body, f), nil
	}
	return rep
}
