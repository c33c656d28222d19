package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// How long a comparison takes must tell nothing of the digest of a key that is kept, and no test of what is answered notices whether
// it does. So the rooms that hold digests are read: nothing there compares two but subtle.ConstantTimeCompare.
func TestDigestsAreComparedInConstantTime(t *testing.T) {
	exports, files := exported(t, "internal/apikey", "internal/server")
	for room, paths := range files {
		set := token.NewFileSet()
		var parsed []*ast.File
		for _, path := range paths {
			file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			parsed = append(parsed, file)
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
		config := types.Config{Importer: importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
		_, err := config.Check(module+room, set, parsed, info)
		require.NoError(t, err)
		r := reader{Info: info, passed: map[ast.Expr]bool{}}
		for i, file := range parsed {
			if filepath.Base(paths[i]) != "certificate.go" { // its digests are of files, which no client can have compared
				ast.Inspect(file, r.read)
			}
		}
		require.Positive(t, r.compared, "%s compares no digests", room)
		for _, at := range r.wrong {
			require.Fail(t, "the digest of a key is looked into, or compared in a time that tells of it", set.Position(at).String())
		}
	}
}

// exported is where the types of packages stand that have been compiled, and the files of the rooms.
func exported(t *testing.T, rooms ...string) (exports map[string]string, files map[string][]string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Export,Dir,GoFiles")
	for _, room := range rooms {
		cmd.Args = append(cmd.Args, "./"+room)
	}
	cmd.Dir = "../.."
	out, err := cmd.Output()
	require.NoError(t, err)
	exports, files = map[string]string{}, map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Export, Dir string
			GoFiles                 []string
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		exports[p.ImportPath] = p.Export
		for _, room := range rooms {
			if p.ImportPath == module+room {
				for _, name := range p.GoFiles {
					files[room] = append(files[room], filepath.Join(p.Dir, name))
				}
			}
		}
	}
	require.Len(t, files, len(rooms))
	return exports, files
}

// reader notes where digests are looked into.
type reader struct {
	*types.Info

	passed   map[ast.Expr]bool // to where nothing is told
	compared int
	wrong    []token.Pos
}

// telling are the functions that may be given a digest, as a slice: one tells nothing by its time, the other is for what is known.
var telling = map[string]bool{"crypto/subtle.ConstantTimeCompare": true, "encoding/hex.EncodeToString": true}

func (r *reader) read(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		called := r.called(n)
		if called == "crypto/subtle.ConstantTimeCompare" {
			r.compared++
		}
		for _, given := range n.Args {
			r.passed[given] = telling[called]
		}
	case *ast.BinaryExpr:
		if (n.Op == token.EQL || n.Op == token.NEQ) && holdsDigest(r.TypeOf(n.X)) {
			r.wrong = append(r.wrong, n.Pos())
		}
	case *ast.SliceExpr:
		if holdsDigest(r.TypeOf(n.X)) && !r.passed[n] {
			r.wrong = append(r.wrong, n.Pos())
		}
	case *ast.IndexExpr:
		if holdsDigest(r.TypeOf(n.X)) {
			r.wrong = append(r.wrong, n.Pos())
		}
	case *ast.RangeStmt:
		if holdsDigest(r.TypeOf(n.X)) {
			r.wrong = append(r.wrong, n.Pos())
		}
	}
	return true
}

// called is the name of a function of another package that is called, "" where it is none.
func (r *reader) called(call *ast.CallExpr) string {
	if f, ok := call.Fun.(*ast.SelectorExpr); ok {
		if of := r.Uses[f.Sel]; of != nil && of.Pkg() != nil {
			return of.Pkg().Path() + "." + of.Name()
		}
	}
	return ""
}

// holdsDigest tells whether a value is a digest, or is equal to another only where their digests are.
func holdsDigest(t types.Type) bool {
	if t == nil {
		return false
	}
	switch t := t.Underlying().(type) {
	case *types.Array:
		is, ok := t.Elem().Underlying().(*types.Basic)
		return ok && is.Kind() == types.Byte && t.Len() == 32
	case *types.Struct:
		for field := range t.Fields() {
			if holdsDigest(field.Type()) {
				return true
			}
		}
	}
	return false
}
