package upstream

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Array splits a document that must be a list into its elements, each the very bytes that came
// without the space around them. An element need not be valid JSON: where a list is whole but
// something within it is not JSON (a bare NaN, say), only the element that holds it is spoiled. The
// error is an *Error.
func (r Response) Array() ([]json.RawMessage, error) {
	var elements []json.RawMessage
	err := json.Unmarshal(r.Body, &elements)
	if err == nil {
		return elements, nil
	}
	if elements, ok := split(r.Body); ok {
		return elements, nil
	}
	message := line("no list, but " + string(r.Body[:min(len(r.Body), maxFailure)]))
	spent := r.Effort
	spent.Wasted += int64(len(r.Body))
	return nil, &Error{URL: r.url, Status: r.Status, Message: message, Spent: spent, Err: err}
}

// space is what JSON allows between its signs.
const space = " \t\r\n"

// split cuts a list at the commas that stand directly in it. It looks at strings and brackets
// only, and returns false where these do not come out even: the list is cut off, or text follows it.
func split(body []byte) (elements []json.RawMessage, ok bool) {
	begin := 0
	whole := walk(body, func(end int) {
		if begin > 0 {
			elements = append(elements, bytes.Clone(bytes.Trim(body[begin:end], space)))
		}
		begin = end + 1
	})
	if !whole {
		return nil, false
	}
	if len(elements) == 1 && len(elements[0]) == 0 {
		return []json.RawMessage{}, true // nothing between the brackets
	}
	return elements, true
}

// balanced tells whether split can cut the list.
func balanced(body []byte) bool { return walk(body, func(int) {}) }

// walk goes over a list and stops at its opening bracket, at each comma directly in it, and at its
// closing bracket. It returns whether the list is whole and alone.
func walk(body []byte, stop func(at int)) bool {
	var open []byte // the brackets that are to close, the innermost last
	quoted := false
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case len(open) == 0 && c != '[':
			if strings.IndexByte(space, c) < 0 {
				return false
			}
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[', c == '{':
			if len(open) == 0 {
				stop(i)
			}
			open = append(open, c+2) // "]" and "}" stand two behind in ASCII
		case c == ']', c == '}':
			if open[len(open)-1] != c {
				return false
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				stop(i)
				return len(bytes.Trim(body[i+1:], space)) == 0
			}
		case c == ',' && len(open) == 1:
			stop(i)
		}
	}
	return false
}
