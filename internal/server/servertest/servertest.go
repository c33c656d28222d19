// Package servertest makes certificates for tests, and finds them ports.
package servertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Files are where a certificate is kept.
type Files struct{ Cert, Key string }

// New writes a certificate for this machine, good for the 90 days before the moment given, into a folder of its own.
func New(t testing.TB, until time.Time) Files {
	t.Helper()
	dir := t.TempDir()
	f := Files{filepath.Join(dir, "fullchain.pem"), filepath.Join(dir, "privkey.pem")}
	f.Renew(t, until)
	return f
}

// Renew writes another certificate, with another key, into the same files.
func (f Files) Renew(t testing.TB, until time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	wanted := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "kasparro"},
		NotBefore: until.Add(-90 * 24 * time.Hour), NotAfter: until,
		DNSNames: []string{"localhost", "api.example.com"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true, // it vouches for itself
	}
	cert, err := x509.CreateCertificate(rand.Reader, wanted, wanted, key.Public(), key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	write(t, f.Cert, "CERTIFICATE", cert)
	write(t, f.Key, "PRIVATE KEY", secret)
}

func write(t testing.TB, file, kind string, der []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

// Trust is the configuration of a client that trusts the certificate as it is now.
func (f Files) Trust(t testing.TB) *tls.Config {
	t.Helper()
	text, err := os.ReadFile(f.Cert)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(text))
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

// FreePort returns a port of 127.0.0.1 that nobody listened at a moment ago.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at once
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}
