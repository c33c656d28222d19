// Package apikey knows what a key to the API looks like and which ones are accepted at the moment. Of a key that has been
// handed out nothing is kept but its SHA-256.
package apikey

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"regexp"
	"strings"
)

// A key reads kasparro_ID_SECRETCHECK, in letters and digits. The prefix names the program, so that a scanner of code or
// logs knows one when it meets one; the checksum tells one from what only looks like it, without asking anybody; and the id
// tells whoever looks after the keys which to revoke. A double click takes all of it.
const (
	prefix      = "kasparro_"
	idLength    = 12
	secretChars = 32 // 190 bits: nobody guesses one
	checkLength = 6
	alphabet    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// Pattern finds keys in any text, for scanners; Parse tells which of its finds are real.
const Pattern = `\bkasparro_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}\b`

var (
	whole = regexp.MustCompile(`^` + Pattern + `$`)
	bare  = regexp.MustCompile(`^[0-9A-Za-z]{12}$`)
)

// New makes a key. The id is a part of it, and no secret.
func New() (id, text string) {
	id = random(idLength)
	body := prefix + id + "_" + random(secretChars)
	return id, body + checksum(body)
}

// Parse returns the id of a key, and whether the text is one at all: mistyped, cut off or made up, it is not.
func Parse(text string) (id string, ok bool) {
	if !strings.HasPrefix(text, prefix) || !whole.MatchString(text) {
		return "", false
	}
	body := text[:len(text)-checkLength]
	return text[len(prefix) : len(prefix)+idLength], checksum(body) == text[len(body):]
}

// IsID tells whether the text may be the id of a key.
func IsID(text string) bool { return bare.MatchString(text) }

// Digest is what is kept of a key.
func Digest(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

// checksum is the CRC-32 of a text, in six digits to the base of 62.
func checksum(text string) string {
	var digits [checkLength]byte
	sum := crc32.ChecksumIEEE([]byte(text))
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = alphabet[sum%uint32(len(alphabet))]
		sum /= uint32(len(alphabet))
	}
	return string(digits[:])
}

// random draws characters, each as likely as any other.
func random(length int) string {
	text := make([]byte, 0, length)
	for drawn := make([]byte, 2*length); len(text) < length; {
		_, _ = rand.Read(drawn) // it never fails: crypto/rand ends the program instead
		for _, b := range drawn {
			if fair := 256 / len(alphabet) * len(alphabet); int(b) < fair && len(text) < length {
				text = append(text, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(text)
}
