package graph

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/kasparro/kasparro/graph/limits"
)

// Rules, from the cheapest: of fragments, which what is measured later relies on; the whole of them, without guesses at what was
// meant, which compare every letter of what is wrong with every name of the schema; and with guesses.
var (
	ofFragments = rules.NewRules(rules.KnownFragmentNamesRule, rules.NoFragmentCyclesRule, rules.NoUnusedFragmentsRule)
	guessing    = withDecimals(rules.NewDefaultRules())
	plain       = withDecimals(withoutGuesses(rules.NewDefaultRules()))
)

func withoutGuesses(all *rules.Rules) *rules.Rules {
	for _, rule := range []validator.Rule{
		rules.FieldsOnCorrectTypeRuleWithoutSuggestions, rules.KnownArgumentNamesRuleWithoutSuggestions, rules.KnownTypeNamesRuleWithoutSuggestions,
		rules.ScalarLeafsRuleWithoutSuggestions, rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
	} {
		all.ReplaceRule(strings.TrimSuffix(rule.Name, "WithoutSuggestions"), rule.RuleFunc)
	}
	return all
}

// withDecimals has numbers stay the text that they are written as where a Decimal is expected: they would be read as floats.
func withDecimals(all *rules.Rules) *rules.Rules {
	all.AddRule("ExactDecimals", func(observers *validator.Events, _ validator.AddErrFunc) {
		observers.OnValue(func(_ *validator.Walker, v *ast.Value) {
			if v.Definition != nil && v.Definition.Name == "Decimal" && (v.Kind == ast.IntValue || v.Kind == ast.FloatValue) {
				v.Kind = ast.StringValue
			}
		})
	})
	return all
}

// guessedBytes is how long a query may be in which it is guessed what was meant.
const guessedBytes = 16 << 10

// parse parses a query, measures it and validates it, in an order in which what is cheap comes before what it makes cheap.
func (g gate) parse(query string) (*ast.QueryDocument, gqlerror.List) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, g.limits.Tokens)
	if err != nil {
		return nil, gqlerror.List{g.unparsed(gqlerror.WrapIfUnwrapped(err))}
	}
	if len(doc.Operations) == 0 {
		return nil, gqlerror.List{coded(CodeBadUserInput, "no operation provided")}
	}
	for _, check := range []func() error{
		func() error { return g.limits.CheckNames(query) },
		func() error { return g.limits.Check(doc) },
	} {
		if err := check(); err != nil {
			return nil, gqlerror.List{tooComplex(err)}
		}
	}
	if errs := validator.ValidateWithRules(g.schema, doc, ofFragments); len(errs) > 0 {
		return nil, errs
	}
	if err := g.limits.CheckRepeats(doc); err != nil {
		return nil, gqlerror.List{tooComplex(err)}
	}
	errs := validator.ValidateWithRules(g.schema, doc, plain)
	if len(errs) > 0 && len(errs) <= g.limits.Errors && len(query) <= guessedBytes && !g.discreet {
		errs = validator.ValidateWithRules(g.schema, doc, guessing)
	}
	for i, e := range errs {
		if e.Rule == rules.MaxIntrospectionDepth.Name {
			errs[i] = tooComplex(&limits.Exceeded{What: "levels of lists in its introspection", Met: maxIntrospection + 1, Limit: maxIntrospection, AtLeast: true})
			errs[i].Locations = e.Locations
		}
	}
	return doc, errs
}

// maxIntrospection is how many lists of fields, types and the like may stand within each other in a question about the schema,
// as the validator has it: each leads to all others.
const maxIntrospection = 2

// checkSubscription refuses a subscription to anything but one field, which cannot be seen before the conditions are known.
func checkSubscription(op *graphql.OperationContext) *gqlerror.Error {
	if op.Operation.Operation != ast.Subscription {
		return nil
	}
	if n := len(graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Subscription"})); n != 1 {
		return coded(CodeBadUserInput, "a subscription is to one field, and this one to %d", n)
	}
	return nil
}

// unparsed tells limits of the parser from what is wrong with a query.
func (g gate) unparsed(e *gqlerror.Error) *gqlerror.Error {
	switch {
	case strings.HasPrefix(e.Message, tokenLimit):
		return tooComplex(&limits.Exceeded{What: "tokens", Met: g.limits.Tokens + 1, Limit: g.limits.Tokens, AtLeast: true})
	case strings.HasPrefix(e.Message, nestingLimit):
		return tooComplex(&limits.Exceeded{What: "levels of fields", Met: g.limits.Depth + 1, Limit: g.limits.Depth, AtLeast: true})
	}
	errcode.Set(e, errcode.ParseFailed)
	return e
}

// gated is an executor behind the gate, which tells all that is wrong with a query and leaves nothing to parse.
type gated struct{ *executor.Executor }

// CreateOperationContext implements graphql.GraphExecutor.
func (g gated) CreateOperationContext(ctx context.Context, p *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	op, errs := g.Executor.CreateOperationContext(ctx, p)
	if all, ok := op.Stats.GetExtension(invalidKey).(gqlerror.List); ok {
		return op, all
	}
	return op, errs
}

// invalidKey is where the gate leaves all errors of a query, of which an extension can return one.
const invalidKey = "invalid"

// handed is a cache that finds what the gate has left in the operation before what is kept.
type handed struct{ kept[*ast.QueryDocument] }

// Get finds a document that has been validated.
func (h handed) Get(ctx context.Context, query string) (*ast.QueryDocument, bool) {
	if doc := graphql.GetOperationContext(ctx).Doc; doc != nil {
		return doc, true
	}
	return h.kept.Get(ctx, query)
}
