package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/joho/godotenv"
)

// dotEnv reads a file of NAME=value lines; it need not exist. What the library says about a bad
// line quotes the rest of the file, secrets and all: only the number of the line is passed on.
func (r *reader) dotEnv(path string) map[string]string {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		r.refuse(path, "one that cannot be read: "+errors.Unwrap(err).Error(), "a readable file, or none")
		return nil
	}
	values, ok := parseDotEnv(text)
	if !ok {
		r.refuse(path, fmt.Sprintf("something else in line %d", badLine(text)),
			"NAME=value on each line, with quotes closed, or # and a comment")
		return nil
	}
	return values
}

func parseDotEnv(text []byte) (map[string]string, bool) {
	values, err := godotenv.UnmarshalBytes(text)
	_, nameless := values[""]
	return values, err == nil && !nameless
}

// badLine returns the line after the longest beginning that can be read.
func badLine(text []byte) int {
	lines := bytes.SplitAfter(text, []byte("\n"))
	for n := len(lines) - 1; n > 0; n-- {
		if _, ok := parseDotEnv(bytes.Join(lines[:n], nil)); ok {
			return n + 1
		}
	}
	return 1
}
