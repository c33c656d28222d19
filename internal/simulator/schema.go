package simulator

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// jsonTypes are what a field can be made into.
var jsonTypes = []string{"string", "number", "boolean", "null", "array", "object"}

// reshape renames, removes and retypes the fields of every object in a JSON
// document, at any depth, leaving the order and every other byte's meaning as
// they were. What is not JSON stays as it is.
func reshape(body []byte, f *Fault) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	r := reshaper{decoder: d, fault: f}
	out, err := r.value()
	if err != nil {
		return body
	}
	return out
}

type reshaper struct {
	decoder *json.Decoder
	fault   *Fault
}

func (r reshaper) value() ([]byte, error) {
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return r.object()
	case json.Delim('['):
		return r.array()
	}
	return json.Marshal(token)
}

func (r reshaper) array() ([]byte, error) {
	var values [][]byte
	for r.decoder.More() {
		v, err := r.value()
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	_, err := r.decoder.Token()
	return list(values), err
}

func (r reshaper) object() ([]byte, error) {
	var fields [][]byte
	for r.decoder.More() {
		key, err := r.decoder.Token()
		if err != nil {
			return nil, err
		}
		v, err := r.value()
		if err != nil {
			return nil, err
		}
		if name := key.(string); !slices.Contains(r.fault.Remove, name) {
			fields = append(fields, r.field(name, v))
		}
	}
	_, err := r.decoder.Token()
	return append(append([]byte{'{'}, bytes.Join(fields, []byte{','})...), '}'), err
}

func (r reshaper) field(name string, value []byte) []byte {
	if kind, ok := r.fault.Retype[name]; ok {
		value = retype(value, kind)
	}
	if renamed, ok := r.fault.Rename[name]; ok {
		name = renamed
	}
	return append(append(mustMarshal(name), ':'), value...)
}

// retype makes a value one of another type, keeping its text where that can
// hold it.
func retype(value []byte, kind string) []byte {
	switch kind {
	case "string":
		if value[0] == '"' {
			return value
		}
		return []byte(strconv.Quote(string(value)))
	case "number":
		if value[0] == '-' || (value[0] >= '0' && value[0] <= '9') {
			return value
		}
		return []byte(strconv.Itoa(len(value)))
	case "boolean":
		return []byte("true")
	case "array":
		return list([][]byte{value})
	case "object":
		return append(append([]byte(`{"value":`), value...), '}')
	}
	return []byte("null")
}
