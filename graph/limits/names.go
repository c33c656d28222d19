package limits

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"
)

// CheckNames measures the names and numbers of a query that has been parsed. An alias comes back with every row, a
// name in every error about it, and a number is worked out digit by digit.
func (l Limits) CheckNames(query string) error {
	words := lexer.New(&ast.Source{Input: query})
	for {
		word, err := words.ReadToken()
		if err != nil || word.Kind == lexer.EOF {
			return nil //nolint:nilerr // whoever parsed it has told what is wrong with it
		}
		switch word.Kind {
		case lexer.Name, lexer.Int, lexer.Float:
			if err := over("characters in a name", len(word.Value), l.NameLength); err != nil {
				return err
			}
		}
	}
}
