package postgres

import (
	"fmt"
	"maps"
	"slices"
)

// Differences says, a line for each and in order, in what a restored database is not what it should be; nothing where it is the
// same. A sequence may have gone on while the backup was made. Rights, settings and the version of the server are no part of this.
func (c Contents) Differences(restored Contents) (lines []string) {
	for _, name := range slices.Sorted(maps.Keys(c.Tables)) {
		want, got := c.Tables[name], restored.Tables[name]
		switch _, there := restored.Tables[name]; {
		case !there:
			lines = append(lines, fmt.Sprintf("table %s is missing", name))
		case want.Rows != got.Rows:
			lines = append(lines, fmt.Sprintf("table %s has %d rows instead of %d", name, got.Rows, want.Rows))
		case want.Checksum != got.Checksum:
			lines = append(lines, fmt.Sprintf("table %s has %d rows as it should, but not the same (checksum %s instead of %s)", name, got.Rows, got.Checksum, want.Checksum))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Sequences)) {
		if want, got := c.Sequences[name], restored.Sequences[name]; got < want {
			lines = append(lines, fmt.Sprintf("sequence %s is at %d and not yet at %d", name, got, want))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Objects)) {
		want := c.Objects[name]
		switch got, there := restored.Objects[name]; {
		case !there:
			lines = append(lines, name+" is missing")
		case want != got:
			lines = append(lines, fmt.Sprintf("%s is %q instead of %q", name, got, want))
		}
	}
	return append(lines, surplus("table ", c.Tables, restored.Tables, surplus("", c.Objects, restored.Objects, nil))...)
}

// surplus adds lines on what was not there before.
func surplus[V any](kind string, want, got map[string]V, lines []string) []string {
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, there := want[name]; !there {
			lines = append(lines, kind+name+" is too much")
		}
	}
	return lines
}
