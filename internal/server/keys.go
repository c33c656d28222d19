package server

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/market"
)

// Keys are the keys that are accepted.
type Keys struct {
	Read   string       // may read; empty for none
	Admin  string       // may read and administer; empty for none
	Stored *apikey.Ring // those in the database; nil for none
}

// keyring holds the keys of the settings, by the variables that they come from. It holds digests: all are of one length, so
// that comparing them tells nothing by its time.
type keyring []apikey.Key

func newKeyring(k Keys) keyring {
	var ring keyring
	for _, entry := range []struct {
		name, key string
		scope     market.Scope
	}{{"API_KEY", k.Read, market.ScopeRead}, {"ADMIN_API_KEY", k.Admin, market.ScopeAdmin}} {
		if entry.key != "" {
			ring = append(ring, apikey.Key{ID: entry.name, Digest: apikey.Digest(entry.key), Scope: entry.scope})
		}
	}
	return ring
}

// find returns the key with the digest. It always compares with every key.
func (ring keyring) find(given [32]byte) (found apikey.Key, ok bool) {
	for _, entry := range ring {
		if subtle.ConstantTimeCompare(given[:], entry.Digest[:]) == 1 {
			found, ok = entry, true
		}
	}
	return found, ok
}

// keyOf returns the key that the request carries in a header, where alone a key belongs: URLs end
// up in logs and histories.
func keyOf(r *http.Request) string {
	if key := r.Header.Get("X-Api-Key"); key != "" {
		return key
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}
