package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/kasparro/kasparro/graph/generated"
	"github.com/kasparro/kasparro/graph/wire"
)

// Documents are queries that are known before anybody asks, by their ids.
type Documents struct {
	Texts map[string]string
	Only  bool // no other query is answered
}

// ParseDocuments reads a manifest: an object of ids with their queries, as Relay's compiler writes it, or the manifest of Apollo's
// generate-persisted-query-manifest. The error names every document that the schema does not allow.
func ParseDocuments(manifest []byte) (map[string]string, error) {
	var apollo struct {
		Format     string `json:"format"`
		Operations []struct{ ID, Body string }
	}
	texts := map[string]string{}
	if err := json.Unmarshal(manifest, &apollo); err == nil && apollo.Format != "" {
		for _, op := range apollo.Operations {
			texts[op.ID] = op.Body
		}
	} else if err := json.Unmarshal(manifest, &texts); err != nil {
		return nil, errors.New(`it is neither a JSON object of ids with their queries nor a manifest of Apollo's`)
	}
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	var wrong []error
	for _, id := range slices.Sorted(maps.Keys(texts)) {
		if _, errs := gqlparser.LoadQueryWithRules(schema, texts[id], rules.NewDefaultRules()); len(errs) > 0 {
			wrong = append(wrong, fmt.Errorf("document %q: %w", id, errs))
		}
	}
	return texts, errors.Join(wrong...)
}

// library puts the text of a known document in the place of its id. It comes before whatever looks at the text.
type library struct{ Documents }

// ExtensionName implements graphql.HandlerExtension.
func (library) ExtensionName() string { return "Documents" }

// Validate implements graphql.HandlerExtension.
func (library) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters finds a document by its id, or by the hash of Apollo's persisted queries where that is its id.
func (l library) MutateOperationParameters(_ context.Context, p *graphql.RawParams) *gqlerror.Error {
	id, given := p.Extensions[wire.DocumentID].(string)
	if given {
		text, known := l.Texts[id]
		if !known {
			return coded(CodeNotFound, "no document has the id %q: the service was started with %d of them", id, len(l.Texts))
		}
		p.Query = text
		return nil
	}
	if apq, ok := p.Extensions["persistedQuery"].(map[string]any); ok && p.Query == "" {
		hash, _ := apq["sha256Hash"].(string)
		if text, known := l.Texts[hash]; known {
			p.Query = text
			delete(p.Extensions, "persistedQuery") // its id need not be its hash
			return nil
		}
	}
	if l.Only && p.Query != "" {
		return coded(CodeForbidden, "only the documents that the service was started with are answered: send the documentId of one")
	}
	return nil
}

func coded(code, format string, args ...any) *gqlerror.Error {
	e := gqlerror.Errorf(format, args...)
	e.Extensions = map[string]any{"code": code}
	return e
}

// Operations are the names of the operations in the documents, sorted.
func (d Documents) Operations() []string {
	names := map[string]bool{}
	for _, text := range d.Texts {
		doc, err := parser.ParseQuery(&ast.Source{Input: text})
		if err != nil { // ParseDocuments has refused those
			continue
		}
		for _, op := range doc.Operations {
			names[op.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
