package telemetry

import (
	"crypto/x509"

	"github.com/prometheus/client_golang/prometheus"
)

// Certificate has /metrics tell from when to when the certificate is good that clients are shown, which shown returns.
func (t *Telemetry) Certificate(shown func() *x509.Certificate) {
	for name, read := range map[string]struct {
		help string
		of   func(*x509.Certificate) int64
	}{
		"tls_certificate_not_before_timestamp_seconds": {"From when on the certificate is good that clients are shown.", func(c *x509.Certificate) int64 { return c.NotBefore.Unix() }},
		"tls_certificate_not_after_timestamp_seconds":  {"When the certificate expires that clients are shown.", func(c *x509.Certificate) int64 { return c.NotAfter.Unix() }},
	} {
		t.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: read.help},
			func() float64 { return float64(read.of(shown())) }))
	}
}
