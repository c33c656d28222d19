package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// example is a command of the README and the answer that stands below it.
var example = regexp.MustCompile("(?s)```sh\n(curl [^`]*)```\n\n```json\n([^`]*)```")

// question is a query of the README without its answer.
var question = regexp.MustCompile("(?s)```graphql\n([^`]*)```")

// TestReadmeShowsRealAnswers runs the README's commands against the demo and holds the shape of
// what comes (every key, and the kind of every value) against what the README shows.
func TestReadmeShowsRealAnswers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, base, key := startDemo(t, t.TempDir())
	awaitSources(t, base)
	found := example.FindAllStringSubmatch(string(text), -1)
	require.Len(t, found, 4, "GraphQL, /data, /stats and /health")
	questions := question.FindAllStringSubmatch(string(text), -1)
	require.Len(t, questions, 1)
	bitcoin := query(t, base, key, questions[0][1])["asset"].(map[string]any)
	require.Len(t, bitcoin["listings"], 3)
	for _, f := range found {
		command := strings.ReplaceAll(f[1], "localhost:8000", strings.TrimPrefix(base, "http://"))
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "KEY="+key+"; "+command).Output()
		require.NoError(t, err, command)
		require.Equal(t, shapeOf(t, []byte(f[2])), shapeOf(t, out), command)
	}
}

// shapeOf lists the paths of a document with the kind of what stands there. The elements of a list
// count as one; what may be null counts as null.
func shapeOf(t *testing.T, text []byte) map[string]bool {
	t.Helper()
	var doc any
	require.NoError(t, json.Unmarshal(text, &doc), "%s", text)
	shape := map[string]bool{}
	collect("", doc, shape)
	for path := range shape {
		if strings.HasSuffix(path, " null") {
			delete(shape, path)
			shape[strings.TrimSuffix(path, " null")+" string"] = true
		}
	}
	return shape
}

// varying are the fields that differ in shape from run to run: a cursor is in its source's own words,
// and the first run has nothing to be compared with.
var varying = []string{"cursor_before", "cursor_after", "gone_share", "price_jump", "anomalies", "drifts"}

func collect(path string, value any, shape map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for k, inner := range v {
			if slices.Contains(varying, k) {
				inner = "varying"
			}
			collect(path+"."+k, inner, shape)
		}
	case []any:
		for _, inner := range v {
			collect(path+"[]", inner, shape)
		}
	case nil:
		shape[path+" null"] = true
	default:
		shape[fmt.Sprintf("%s %T", path, v)] = true
	}
}
