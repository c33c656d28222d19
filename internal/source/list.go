package source

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// Has tells whether a field is there and not null.
func (o Object) Has(name string) bool {
	_, ok := o.field(name)
	return ok
}

// List reads an array within the object as an object whose fields are called 0, 1, 2; missing or
// null, it has none.
func (o Object) List(name string) Object {
	inner := Object{path: o.path + name + ".", problem: o.problem}
	raw, ok := o.field(name)
	if !ok {
		return inner
	}
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		o.fail(ProblemWrongType, name, "an array is needed, this is "+describe(raw))
		return inner
	}
	inner.fields = make(map[string]json.RawMessage, len(elements))
	for i, element := range elements {
		inner.fields[strconv.Itoa(i)] = element
	}
	return inner
}

// Millis reads an instant in milliseconds since 1970, which must be there, and returns it in UTC.
func (o Object) Millis(name string) time.Time {
	raw, ok := o.field(name)
	if !ok {
		o.fail(ProblemMissingTime, name, "the item does not say when it was observed")
		return time.Time{}
	}
	const last = 253402300799999 // the end of the year 9999
	millis, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || millis != math.Trunc(millis) || millis < 0 || millis > last {
		o.fail(ProblemBadTime, name, "milliseconds since 1970 are needed, this is "+describe(raw))
		return time.Time{}
	}
	return time.UnixMilli(int64(millis)).UTC()
}
