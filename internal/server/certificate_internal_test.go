package server

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server/servertest"
)

// A renewed certificate is shown from the next look on; one that is broken never, and the log says so once.
func TestARenewedCertificateIsTakenUp(t *testing.T) {
	var book bytes.Buffer
	log := slog.New(slog.NewTextHandler(&book, nil))
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	files := servertest.New(t, until)
	c, err := LoadCertificate(files.Cert, files.Key)
	require.NoError(t, err)
	c.look(log)
	require.Empty(t, book.String(), "nothing is new")

	files.Renew(t, until.Add(time.Hour))
	c.look(log)
	require.Equal(t, until.Add(time.Hour), c.Leaf().NotAfter)
	require.Contains(t, book.String(), `level=INFO msg="the certificate was renewed"`)

	book.Reset()
	good, err := os.ReadFile(files.Key)
	require.NoError(t, err)
	files.Renew(t, until.Add(2*time.Hour))
	require.NoError(t, os.WriteFile(files.Key, good, 0o600))
	c.look(log)
	require.Empty(t, book.String(), "its key may be on its way")
	for range 3 {
		c.look(log)
	}
	require.Equal(t, 1, strings.Count(book.String(), "level=ERROR"), book.String())
	require.Contains(t, book.String(), "the one before it goes on")
	require.Contains(t, book.String(), "private key does not match public key")
	require.Equal(t, until.Add(time.Hour), c.Leaf().NotAfter)

	require.NoError(t, os.Remove(files.Cert))
	c.look(log)
	c.look(log)
	require.Contains(t, book.String(), "TLS_CERT_FILE cannot be read")
	require.Equal(t, until.Add(time.Hour), c.Leaf().NotAfter)

	files.Renew(t, until.Add(3*time.Hour))
	c.look(log)
	require.Equal(t, until.Add(3*time.Hour), c.Leaf().NotAfter)
}
