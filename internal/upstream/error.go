package upstream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Error is a document that could not be had.
type Error struct {
	URL     string // without query and user
	Status  int    // as the upstream means it; 0 where there was no answer
	Message string // one line of at most 200 characters: what came instead; may be empty
	Spent   Effort // what was done in vain
	Err     error  // the cause; nil where the answer itself is the cause

	note       string        // why there was no further attempt
	final      bool          // another attempt cannot help
	read       int64         // bytes of the answer
	retryAfter time.Duration // what the upstream asks for, 0 for nothing
}

// Error is one line: what was asked, what came, how often it was tried.
func (e *Error) Error() string {
	parts := []string{"GET " + e.URL}
	if e.Status != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))))
	}
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	if e.Status == 0 && e.Message == "" && e.Err != nil {
		parts = append(parts, line(e.Err.Error()))
	}
	text := strings.Join(parts, ": ")
	if e.note != "" {
		text += "; " + e.note
	}
	if e.Spent.Retries > 0 {
		text += fmt.Sprintf(" (tried %d times)", e.Spent.Retries+1)
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Wasted is how many bytes came that were of no use.
func (e *Error) Wasted() int64 { return e.Spent.Wasted }

// Effort is what was done in vain: requests repeated, times held back, and for how long.
func (e *Error) Effort() (retries, waits int64, waited time.Duration) {
	return e.Spent.Retries, e.Spent.Waits, e.Spent.Waited
}

var title = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// said reads what the body of a failure says: in JSON, as a page for people, or plainly.
func said(body []byte) string {
	text := bytes.TrimSpace(body)
	if bytes.HasPrefix(text, []byte("<")) {
		if found := title.FindSubmatch(text); found != nil {
			return line("an HTML page, " + html.UnescapeString(string(found[1])))
		}
		return "an HTML page"
	}
	if _, message := apiError(text); message != "" {
		return line(message)
	}
	return line(string(text))
}

// apiError reads the shapes in which the APIs say what is wrong, one within the other:
// "text", {"error": ...}, {"status": {"error_code": 429, "error_message": "text"}} and
// {"status": 500, "error": "text"}. It returns nothing for a document that is no error.
func apiError(body []byte) (code int, message string) { return errorWithin(body, 4) }

// errorWithin is apiError down to a depth: each level is read anew, so none may be as deep as it likes.
func errorWithin(body []byte, depth int) (code int, message string) {
	if depth == 0 {
		return 0, ""
	}
	if json.Unmarshal(body, &message) == nil {
		return 0, message
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return 0, ""
	}
	code, _ = strconv.Atoi(strings.Trim(string(fields["error_code"]), `"`))
	if json.Unmarshal(fields["error_message"], &message) == nil && message != "" {
		return code, message
	}
	if status := fields["status"]; bytes.HasPrefix(status, []byte("{")) {
		if code, message = errorWithin(status, depth-1); code != 0 || message != "" {
			return code, message
		}
	} else if number, err := strconv.Atoi(string(status)); err == nil && number >= 400 {
		code = number
	}
	inner, message := errorWithin(fields["error"], depth-1)
	if inner != 0 {
		code = inner
	}
	return code, message
}

// line makes one short line of printable characters of how a text begins.
func line(text string) string {
	const most, looked = 200, 4 << 10 // characters, bytes
	text = text[:min(len(text), looked)]
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
