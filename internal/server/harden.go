package server

import "net/http"

// Policies on content. The pages are self-contained: nothing is loaded from elsewhere, and each says itself what it
// needs beyond this.
const (
	pagePolicy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"
	dataPolicy = "default-src 'none'; frame-ancestors 'none'"
)

// secureFor is how long a browser that has reached us by TLS is to come by nothing else: a year, in seconds. Other names of
// the same domain are not ours to speak of.
const secureFor = "max-age=31536000"

// harden tells browsers to be careful with what is answered.
func harden(h http.Header, page, secure bool) {
	if secure {
		h.Set("Strict-Transport-Security", secureFor)
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin") // what asks by CORS is not meant
	if page {
		h.Set("Content-Security-Policy", pagePolicy)
		return
	}
	h.Set("Content-Security-Policy", dataPolicy)
	h.Set("Cache-Control", "no-store")
}
