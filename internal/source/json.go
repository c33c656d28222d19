package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// Codes of the problems that Object and Item.Problem report.
const (
	ProblemNotAnObject       = "not_an_object"
	ProblemBrokenJSON        = "broken_json"
	ProblemWrongType         = "wrong_type"
	ProblemMissingExternalID = "missing_external_id"
	ProblemMissingTime       = "missing_time"
	ProblemBadTime           = "bad_time"
)

// Object reads the fields of a JSON object and remembers the first that it could not read. A
// field that is missing or null reads as nothing.
type Object struct {
	fields  map[string]json.RawMessage
	path    string // of the object within the item: "quotes.USD."
	problem *problem
}

// problem is shared by an object and the objects within it.
type problem struct{ reason *market.Reason }

// NewObject reads an item. What is not a JSON object has no fields, and a problem; one that breaks
// in the middle (at a bare NaN, say) has the fields before that place, and a problem.
func NewObject(payload []byte) Object {
	o := Object{problem: &problem{}}
	err := json.Unmarshal(payload, &o.fields)
	switch broken := new(json.SyntaxError); {
	case errors.As(err, &broken) && bytes.HasPrefix(bytes.TrimSpace(payload), []byte("{")):
		o.fields = begun(payload)
		o.fail(ProblemBrokenJSON, "", fmt.Sprintf("it is broken at its byte %d: %v", broken.Offset, broken))
	case o.fields == nil:
		o.fail(ProblemNotAnObject, "", "an object is needed, this is "+describe(payload))
	}
	return o
}

// begun returns the fields of a broken object that stand before the place where it breaks.
func begun(payload []byte) map[string]json.RawMessage {
	fields, d := map[string]json.RawMessage{}, json.NewDecoder(bytes.NewReader(payload))
	for _, err := d.Token(); err == nil && d.More(); {
		var name json.Token
		var value json.RawMessage
		if name, err = d.Token(); err == nil {
			if err = d.Decode(&value); err == nil {
				fields[name.(string)] = value
			}
		}
	}
	return fields
}

// Problem is the first thing that could not be read, nil where all could.
func (o Object) Problem() *market.Reason { return o.problem.reason }

// ID reads a text that must be there and not be blank.
func (o Object) ID(name string) string {
	id := o.Text(name)
	if strings.TrimSpace(id) == "" {
		o.fail(ProblemMissingExternalID, name, "the item does not say what it is of")
	}
	return id
}

// Text reads a string.
func (o Object) Text(name string) string {
	var text string
	if raw, ok := o.field(name); ok && json.Unmarshal(raw, &text) != nil {
		o.fail(ProblemWrongType, name, "a text is needed, this is "+describe(raw))
	}
	return text
}

var number = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// Number reads a number as the text that came: no digit is lost or added. A number within a
// string is understood, and an empty string reads as nothing.
func (o Object) Number(name string) string {
	raw, ok := o.field(name)
	if !ok {
		return ""
	}
	text := string(raw)
	if raw[0] == '"' {
		text = strings.TrimSpace(o.Text(name))
	}
	if text != "" && !number.MatchString(text) {
		o.fail(ProblemWrongType, name, "a number is needed, this is "+describe(raw))
		return ""
	}
	return text
}

// Known is Number for fields in which the source says 0 where it does not know.
func (o Object) Known(name string) string {
	text := o.Number(name)
	if mantissa, _, _ := strings.Cut(strings.ToLower(text), "e"); strings.Trim(mantissa, "+-0.") == "" {
		return ""
	}
	return text
}

// Time reads an instant in RFC 3339, which must be there, and returns it in UTC.
func (o Object) Time(name string) time.Time {
	raw, ok := o.field(name)
	if !ok || string(raw) == `""` {
		o.fail(ProblemMissingTime, name, "the item does not say when it was observed")
		return time.Time{}
	}
	var at time.Time
	if json.Unmarshal(raw, &at) != nil || at.IsZero() {
		o.fail(ProblemBadTime, name, "a time such as 2026-01-31T12:00:00Z is needed, this is "+describe(raw))
		return time.Time{}
	}
	return at.UTC()
}

// Object reads an object within the object; missing or null, it has no fields.
func (o Object) Object(name string) Object {
	inner := Object{path: o.path + name + ".", problem: o.problem}
	if raw, ok := o.field(name); ok {
		if inner.fields = fieldsOf(raw); inner.fields == nil {
			o.fail(ProblemWrongType, name, "an object is needed, this is "+describe(raw))
		}
	}
	return inner
}

// field returns the bytes of a field that is there and not null.
func (o Object) field(name string) (json.RawMessage, bool) {
	raw := o.fields[name]
	return raw, len(raw) > 0 && string(raw) != "null"
}

// fail keeps the first problem: the later ones often follow from it.
func (o Object) fail(code, name, detail string) {
	if o.problem.reason == nil {
		o.problem.reason = &market.Reason{Code: code, Field: o.path + name, Detail: detail}
	}
}

// fieldsOf returns nil for what is no JSON object.
func fieldsOf(raw []byte) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	return fields
}

// describe shows the beginning of what came, in one line.
func describe(raw []byte) string {
	const most = 60
	text := []rune(strings.Join(strings.Fields(string(raw)), " "))
	if len(text) > most {
		text = append(text[:most], '…')
	}
	if len(text) == 0 {
		return "empty"
	}
	return string(text)
}

// JSONCursor writes a cursor as JSON. It panics for what is no plain data.
func JSONCursor(at any) market.Cursor {
	text, err := json.Marshal(at)
	if err != nil {
		panic(fmt.Sprintf("source: a cursor must be plain data: %v", err))
	}
	return market.Cursor(text)
}
