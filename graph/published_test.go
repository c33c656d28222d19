package graph_test

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/kasparro/kasparro/graph"
)

var (
	updateSchema  = flag.Bool("schema.update", false, "write down the schema of the program, and what it adds to what is published")
	publishSchema = flag.Bool("schema.publish", false, "let clients rely on the schema of today alone: what breaks them has been declared for long enough")
)

const (
	schemaFile    = "schema.graphql"             // what `kasparro schema` prints
	publishedFile = "testdata/published.graphql" // what clients rely on, without the prose
	breaksFile    = "testdata/breaking.txt"      // what of it they may miss today
)

func TestTheSchemaIsCheckedIn(t *testing.T) {
	if *updateSchema {
		require.NoError(t, os.WriteFile(schemaFile, []byte(graph.SDL()), 0o644))
	}
	checkedIn, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	require.True(t, string(checkedIn) == graph.SDL(), "graph/%s is not what `kasparro schema` prints: `make generate` writes it anew", schemaFile)
}

// What is published is everything that the schema has ever had, from the commit on that brought it, but for what a declared
// break has taken away. While breaks are declared it stays as it was, so that they can be seen; publishing ends that.
func TestNothingBreaksUndeclared(t *testing.T) {
	latest := loadSDL(t, graph.SDL())
	declared := declaredBreaks(t)
	if *publishSchema {
		require.NoError(t, os.WriteFile(publishedFile, plainSDL(latest), 0o644))
		require.NoError(t, os.WriteFile(breaksFile, []byte(strings.Join(declared.remarks, "\n")+"\n"), 0o644))
		declared.lines = nil
	}
	published, err := os.ReadFile(publishedFile)
	require.NoError(t, err)
	found := breaking(loadSDL(t, string(published)), latest)
	require.Equal(t, append([]string{}, declared.lines...), append([]string{}, found...),
		"graph/%s declares what clients of graph/%s may miss, sorted, and nothing else", breaksFile, publishedFile)
	if len(found) > 0 {
		return
	}
	if *updateSchema {
		published = plainSDL(latest)
		require.NoError(t, os.WriteFile(publishedFile, published, 0o644))
	}
	require.True(t, bytes.Equal(published, plainSDL(latest)), "what has been added to the schema is not in graph/%s: `make generate` writes it there", publishedFile)
}

// declarations are the lines of breaksFile, and what is remarked at its head.
type declarations struct{ remarks, lines []string }

func declaredBreaks(t *testing.T) (d declarations) {
	t.Helper()
	text, err := os.ReadFile(breaksFile)
	require.NoError(t, err)
	all := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	remark := func(line string) bool { return line == "" || line[0] == '#' }
	d.remarks = all[:max(0, slices.IndexFunc(append(all, "."), func(line string) bool { return line == "" || line[0] != '#' }))]
	d.lines = slices.DeleteFunc(slices.Clone(all), remark)
	return d
}

// plainSDL is a schema without its prose, which nobody relies on.
func plainSDL(schema *ast.Schema) []byte {
	var text bytes.Buffer
	formatter.NewFormatter(&text, formatter.WithoutDescription()).FormatSchema(schema)
	return text.Bytes()
}
