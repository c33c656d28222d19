package graph

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// passing are the fields whose values pass with time, or differ from process to process, while the data stays.
var passing = map[string]bool{
	"Query.apiKeys": true, "Query.auditLog": true, // no commit tells of them
	"Query.health": true, "Query.serviceConfig": true, "Source.nextRunAt": true, "Source.fresh": true,
}

// lasting tells whether the answer to an operation stays what it is until the data changes. Fragments count whether
// or not the operation uses them.
func lasting(op *graphql.OperationContext) bool {
	if op.Operation.Operation != ast.Query || lapses(op.Operation.SelectionSet) {
		return false
	}
	for _, f := range op.Doc.Fragments {
		if lapses(f.SelectionSet) {
			return false
		}
	}
	return true
}

func lapses(set ast.SelectionSet) bool {
	for _, selection := range set {
		switch sel := selection.(type) {
		case *ast.Field:
			if sel.ObjectDefinition != nil && passing[sel.ObjectDefinition.Name+"."+sel.Name] || lapses(sel.SelectionSet) {
				return true
			}
		case *ast.InlineFragment:
			if lapses(sel.SelectionSet) {
				return true
			}
		}
	}
	return false
}
