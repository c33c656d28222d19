package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/server"
)

// everySite is what is said where CORS is open.
const everySite = "CORS_ALLOWED_ORIGINS is *: pages of every site may ask this service from within the browsers of whoever has a key"

// openToAll tells whether pages of every site may ask.
func openToAll(cfg config.Config) bool { return slices.Contains(cfg.AllowedOrigins, "*") }

// schemeOf is what the API is asked by.
func schemeOf(encrypted bool) string {
	if encrypted {
		return "https"
	}
	return "http"
}

func (o doors) scheme() string { return schemeOf(o.certificate != nil) }

// beside is a client for the service on this machine. Nothing secret is sent to it, and its certificate is of the name that
// others call it by: so that is not looked at. No proxy stands between a machine and itself.
func beside() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // see above
}

// strangers tells what those without a key have to do with: other people's pages, and the certificate.
func (d *diagnosis) strangers(ctx context.Context, cfg config.Config) {
	if openToAll(cfg) {
		d.warn("cors", everySite, "name the origins of your own pages instead, such as https://app.example.com")
	}
	if !cfg.TLS.Enabled() {
		return
	}
	c, err := server.LoadCertificate(cfg.TLS.CertFile, cfg.TLS.KeyFile)
	fine := ""
	if err == nil {
		fine = fmt.Sprintf("it matches its key, is for %s and good until %s", strings.Join(namesOf(c.Leaf()), ", "), c.Leaf().NotAfter.Format(time.RFC3339))
		err = inTime(c.Leaf(), time.Now())
	}
	d.note("certificate", err, fine, "renew it, or check TLS_CERT_FILE and TLS_KEY_FILE; a service that runs takes up new files by itself")
	if err != nil {
		return
	}
	for _, w := range append(doubts(c.Chain(), cfg.Host, time.Now()), openKey(cfg.TLS.KeyFile)...) {
		d.warn("certificate", w.wrong, w.mend)
	}
	if shown, err := shownAt(ctx, cfg); err == nil && !shown.Equal(c.Leaf()) {
		d.warn("certificate", "the service that runs still shows another, good until "+shown.NotAfter.Format(time.RFC3339),
			"it takes new files up within seconds: look again, and at its log")
	}
}

func namesOf(leaf *x509.Certificate) []string {
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// inTime says what is wrong with when a certificate is good.
func inTime(leaf *x509.Certificate, now time.Time) error {
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("it has expired on %s: clients refuse it", leaf.NotAfter.Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("it is good only from %s on: clients refuse it, if the clock of this machine is right", leaf.NotBefore.Format(time.RFC3339))
	}
	return nil
}

type doubt struct{ wrong, mend string }

// doubts are what clients may not like about a certificate. host is where the service listens, or nothing to go by.
func doubts(chain []*x509.Certificate, host string, now time.Time) (found []doubt) {
	leaf := chain[0]
	left, whole := leaf.NotAfter.Sub(now), leaf.NotAfter.Sub(leaf.NotBefore)
	if left < min(14*24*time.Hour, whole/4) {
		found = append(found, doubt{fmt.Sprintf("it expires in %d days", int(left.Hours()/24)), "see why it was not renewed: `certbot renew --dry-run`, say"})
	}
	if ip := net.ParseIP(host); len(namesOf(leaf)) == 0 {
		found = append(found, doubt{"it is for no name (no subjectAltName): clients refuse it", "have one made for the name that clients use"})
	} else if host != "localhost" && (ip == nil || !ip.IsLoopback() && !ip.IsUnspecified()) && leaf.VerifyHostname(host) != nil {
		found = append(found, doubt{fmt.Sprintf("it is not for HOST, %s", host), "that is well if clients use another name"})
	}
	below := x509.NewCertPool()
	for _, c := range chain[1:] {
		below.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Intermediates: below, CurrentTime: now})
	if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
		found = append(found, doubt{fmt.Sprintf("nobody whom this machine trusts vouches for it: %v", err),
			"TLS_CERT_FILE is to hold the whole chain, fullchain.pem and not cert.pem; if it is of an authority of your own, clients must know that"})
	}
	return found
}

// openKey is the doubt whether a key is kept from others. That a group may read it is how several programs share one.
func openKey(file string) []doubt {
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm()&0o007 == 0 {
		return nil
	}
	return []doubt{{fmt.Sprintf("every user of this machine may use its key: %s has mode %04o", file, info.Mode().Perm()),
		"chmod 600, or 640 with a group of its own; the user who serves must be able to read it"}}
}

// shownAt is the certificate that the service beside this process shows.
func shownAt(ctx context.Context, cfg config.Config) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, addressOf(cfg)+"/livez", http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := beside().Do(req)
	if err != nil {
		return nil, err
	}
	return res.TLS.PeerCertificates[0], res.Body.Close()
}
