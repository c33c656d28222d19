package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// binaryDir holds the program that the tests start.
var binaryDir string

func TestMain(m *testing.M) {
	var err error
	if binaryDir, err = os.MkdirTemp("", "kasparro-binary-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := postgrestest.Run(m)
	if err := os.RemoveAll(binaryDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}
