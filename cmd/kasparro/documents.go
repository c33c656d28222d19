package main

import (
	"errors"
	"os"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/config"
)

// readDocuments reads the queries that clients may ask for by id. What is wrong with them is a wrong setting.
func readDocuments(cfg config.GraphQL) (graph.Documents, error) {
	documents := graph.Documents{Only: cfg.DocumentsOnly}
	wrong := func(given string, err error) (graph.Documents, error) {
		return documents, &config.Error{Problems: []config.Problem{{
			Variable: "GRAPHQL_DOCUMENTS", Given: given, Allowed: "a file of queries by their ids that the schema allows: " + err.Error(),
		}}}
	}
	if cfg.Documents == "" {
		if cfg.DocumentsOnly {
			return wrong("nothing", errors.New("GRAPHQL_DOCUMENTS_ONLY is on, so that without one nothing could be asked"))
		}
		return documents, nil
	}
	text, err := os.ReadFile(cfg.Documents)
	if err == nil {
		documents.Texts, err = graph.ParseDocuments(text)
	}
	if err != nil {
		return wrong(cfg.Documents, err)
	}
	return documents, nil
}
