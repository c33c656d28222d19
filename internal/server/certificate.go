package server

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// lookEvery is how often the files of a certificate are read again. They are small, and reading them finds every way of
// renewing one: in place, by renaming, by a link that leads elsewhere.
const lookEvery = 5 * time.Second

// Certificate is what a server shows to clients, from two files that may be renewed at any time. It is safe for concurrent use.
type Certificate struct {
	certFile, keyFile string
	shown             atomic.Pointer[tls.Certificate]

	digest [sha256.Size]byte // of the files that are shown
	wrong  string            // with the files when they were looked at last; empty for nothing
	told   bool              // that has been logged
}

// LoadCertificate reads a certificate, with the chain below it, and its key, both as PEM. Its error says which setting to
// look at. Whether the certificate is valid today is the clients' to judge.
func LoadCertificate(certFile, keyFile string) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile}
	pair, digest, err := c.read()
	if err != nil {
		return nil, err
	}
	c.shown.Store(pair)
	c.digest = digest
	return c, nil
}

func (c *Certificate) read() (*tls.Certificate, [sha256.Size]byte, error) {
	var none [sha256.Size]byte
	cert, err := os.ReadFile(c.certFile)
	if err != nil {
		return nil, none, fmt.Errorf("TLS_CERT_FILE cannot be read: %w", err)
	}
	key, err := os.ReadFile(c.keyFile)
	if err != nil {
		return nil, none, fmt.Errorf("TLS_KEY_FILE cannot be read: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, none, fmt.Errorf("TLS_CERT_FILE (%s) and TLS_KEY_FILE (%s) are no certificate with its key, as PEM: %w", c.certFile, c.keyFile, err)
	}
	return &pair, sha256.Sum256(append(cert, key...)), nil
}

// Chain is what is shown to clients now: the certificate, and behind it those that vouch for it.
func (c *Certificate) Chain() []*x509.Certificate {
	pair := c.shown.Load()
	chain := []*x509.Certificate{pair.Leaf}
	for _, der := range pair.Certificate[1:] {
		if above, err := x509.ParseCertificate(der); err == nil {
			chain = append(chain, above)
		}
	}
	return chain
}

// Leaf is the certificate that is shown to clients now.
func (c *Certificate) Leaf() *x509.Certificate { return c.shown.Load().Leaf }

// Listen has what is accepted speak TLS 1.2 or newer, and HTTP/2 with clients who can.
func (c *Certificate) Listen(l net.Listener) net.Listener {
	return tls.NewListener(l, &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.shown.Load(), nil
		},
	})
}

// Follow takes up what the files are renewed to, until ctx ends. Where that is no certificate the one before it goes on,
// and the log says why.
func (c *Certificate) Follow(ctx context.Context, log *slog.Logger) {
	ticks := time.NewTicker(lookEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			c.look(log)
		}
	}
}

// look reads the files again. What is wrong is told once, when it is so at two looks: one may fall between the writing of
// the certificate and that of its key.
func (c *Certificate) look(log *slog.Logger) {
	pair, digest, err := c.read()
	if err == nil {
		if digest != c.digest {
			c.shown.Store(pair)
			c.digest = digest
			log.Info("the certificate was renewed", "expires", pair.Leaf.NotAfter, "names", pair.Leaf.DNSNames)
		}
		c.wrong = ""
		return
	}
	if err.Error() != c.wrong {
		c.wrong, c.told = err.Error(), false
		return
	}
	if !c.told {
		c.told = true
		log.Error("the renewed certificate cannot be used: the one before it goes on", "error", err, "expires", c.Leaf().NotAfter)
	}
}
