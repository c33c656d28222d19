package graph

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// What a client has sent comes back in errors as far as it helps to find it again.
const (
	maxQuoted  = 100  // characters of one quoted text
	maxMessage = 1000 // bytes of a message in all; lists and objects are not quoted
	maxRead    = 8000 // bytes of a message in which quotations are looked for
)

var quotations = regexp.MustCompile(fmt.Sprintf(`"(?:[^"\\]|\\.){%d,}"`, maxQuoted+1))

// brief cuts what a message quotes, and the message where that is not enough.
func brief(message string) string {
	message = quotations.ReplaceAllStringFunc(within(maxRead, message), func(quoted string) string {
		cut := []rune(quoted)[:maxQuoted+1]
		return strings.TrimRight(string(cut), `\`) + `…"`
	})
	return within(maxMessage, message)
}

// within leaves the middle of a message out, if it has more than so many bytes.
func within(most int, message string) string {
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most*3/4], "") + "…" + strings.ToValidUTF8(message[len(message)-most/4:], "")
}

// named puts the name of a variable, which the library has in the path, into the message: a path is a place in the
// answer.
func named(path ast.Path, message string) string {
	return "variable $" + strings.TrimPrefix(path.String(), "variable.") + ": " + message
}
