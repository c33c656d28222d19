package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/kasparro/kasparro/internal/market"
)

// Keys are the keys that are accepted. An empty one is never accepted.
type Keys struct {
	Read  string // may read
	Admin string // may read and administer
}

// keyring holds digests: all are of one length, so that comparing them tells nothing by its time.
type keyring []struct {
	digest [sha256.Size]byte
	scope  market.Scope
}

func newKeyring(k Keys) keyring {
	var ring keyring
	for _, entry := range []struct {
		key   string
		scope market.Scope
	}{{k.Read, market.ScopeRead}, {k.Admin, market.ScopeAdmin}} {
		if entry.key != "" {
			ring = append(ring, keyring{{sha256.Sum256([]byte(entry.key)), entry.scope}}...)
		}
	}
	return ring
}

func digestOf(key string) [sha256.Size]byte { return sha256.Sum256([]byte(key)) }

// scopeOf returns what the key allows, and "" for a key that is not accepted. It always compares
// with every key.
func (ring keyring) scopeOf(key string) market.Scope { return ring.scopeOfDigest(digestOf(key)) }

func (ring keyring) scopeOfDigest(given [sha256.Size]byte) market.Scope {
	var scope market.Scope
	for _, entry := range ring {
		if subtle.ConstantTimeCompare(given[:], entry.digest[:]) == 1 {
			scope = entry.scope
		}
	}
	return scope
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
