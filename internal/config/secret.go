package config

import (
	"fmt"
	"io"
)

// Secret is text that must not be shown: however it is printed, logged or encoded, only whether
// it is set can be seen. An empty Secret is not set.
type Secret string

const hidden = "…"

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String returns a placeholder, or nothing where the secret is not set.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// Format writes the placeholder whatever the verb: fmt asks a Stringer for some verbs only.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText returns the placeholder: for JSON and for loggers.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
