package market

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// APIKey is a key to the API as it is kept: all but the key itself, which nobody knows but whoever was given it.
type APIKey struct {
	ID         int64  // the order in which keys were made
	KeyID      string // stands in the key; it is no secret
	Name       string // for people; several keys may share one
	Scope      Scope
	Status     KeyStatus // at the moment of reading, by the clock of the database
	CreatedAt  time.Time
	ExpiresAt  *time.Time // nil for never
	RevokedAt  *time.Time // nil where it was not
	LastUsedAt *time.Time // nil before the first use; up to a minute behind
}

// GlobalID is the key's id in the API and on the command line.
func (k APIKey) GlobalID() string { return KeyGlobalID(k.KeyID) }

// KeyGlobalID is the id of the key with this id in its text.
func KeyGlobalID(keyID string) string { return IDKey + "_" + keyID }

// KeyStatus says whether a key is accepted.
type KeyStatus string

// States of a key.
const (
	KeyActive  KeyStatus = "ACTIVE"
	KeyExpired KeyStatus = "EXPIRED"
	KeyRevoked KeyStatus = "REVOKED" // whether or not it has expired as well
)

// LiveKey is what it takes to recognise a key that is neither revoked nor expired.
type LiveKey struct {
	KeyID     string
	Digest    [32]byte // SHA-256 of the whole key
	Scope     Scope
	ExpiresIn *time.Duration // from the moment of reading; nil for never
}

// NewAPIKey is a key to be made.
type NewAPIKey struct {
	KeyID     string
	Digest    [32]byte // SHA-256 of the whole key
	Name      string
	Scope     Scope
	ExpiresAt *time.Time // nil for never
}

// maxKeyName is how many characters the name of a key may have.
const maxKeyName = 100

// Check says with an *InputError what is wrong with what a person has chosen.
func (k NewAPIKey) Check(now time.Time) error {
	unprintable := strings.ContainsFunc(k.Name, func(r rune) bool { return !unicode.IsPrint(r) })
	if n := utf8.RuneCountInString(k.Name); strings.TrimSpace(k.Name) == "" || n > maxKeyName || unprintable {
		return &InputError{Field: "name", Given: k.Name, Allowed: fmt.Sprintf("1 to %d printable characters", maxKeyName)}
	}
	if k.Scope != ScopeRead && k.Scope != ScopeAdmin {
		return &InputError{Field: "scope", Given: string(k.Scope), Allowed: "read or admin"}
	}
	if k.ExpiresAt != nil && !k.ExpiresAt.After(now) {
		return &InputError{Field: "expiresAt", Given: k.ExpiresAt.UTC().Format(time.RFC3339), Allowed: "a time to come"}
	}
	return nil
}

// KeyFilter narrows keys, which are listed newest first. In each list nil means any.
type KeyFilter struct {
	Statuses []KeyStatus
	Scopes   []Scope
}
