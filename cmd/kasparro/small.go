package main

import (
	"fmt"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/config"
)

type versionCommand struct{}

// Run prints the version and the commit that the program was built from.
func (versionCommand) Run() error {
	fmt.Printf("kasparro %s (%s)\n", version, commit)
	return nil
}

type schemaCommand struct{}

// Run prints the GraphQL SDL.
func (schemaCommand) Run() error {
	fmt.Print(graph.SDL())
	return nil
}

// usageError is a wrong argument that the parser cannot know to be wrong.
type usageError struct{ message string }

// Error says which argument, what was given and what is allowed.
func (e usageError) Error() string { return e.message }

// Unwrap makes the program end as it does for any wrong setting.
func (usageError) Unwrap() error { return config.ErrInvalid }
