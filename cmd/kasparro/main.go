// Command kasparro pulls crypto market data from several sources into PostgreSQL and serves it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/config"
)

// Set at link time.
var (
	version = "dev"
	commit  = "unknown"
)

// Exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitPartial = 3 // some sources failed, others did not
)

// errPartial ends the program with exitPartial; what failed has been shown.
var errPartial = errors.New("some sources failed")

// stderr is where the program says what is no answer; no key is ever shown there.
var stderr = apikey.Redacted{File: os.Stderr}

type commands struct {
	Serve      serveCommand      `cmd:"" help:"Serve the API and run the sources on schedule."`
	Ingest     ingestCommand     `cmd:"" help:"Run sources once, now."`
	Demo       demoCommand       `cmd:"" help:"Serve the whole system with simulated upstreams: no network, no key, no database needed."`
	Simulate   simulateCommand   `cmd:"" help:"Serve simulated CoinGecko and CoinPaprika APIs."`
	Rebuild    rebuildCommand    `cmd:"" help:"Derive all records again from the payloads that they were read from."`
	Quarantine quarantineCommand `cmd:"" help:"List the items that could not become records, or try them again."`
	Migrate    migrateCommand    `cmd:"" help:"Change the schema of the database, or show its state."`
	Keys       keysCommand       `cmd:"" help:"Make, list and revoke keys to the API, and show what was done with them."`
	Backup     backupCommand     `cmd:"" help:"Write a backup of the database to a file, whatever else runs."`
	Restore    restoreCommand    `cmd:"" help:"Put the database of a backup in the place of the one that is there, which is kept."`
	Doctor     doctorCommand     `cmd:"" help:"Check configuration, database and sources, and say how to mend what is wrong."`
	Schema     schemaCommand     `cmd:"" help:"Print the GraphQL schema."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	var c commands
	parser, err := kong.New(&c, kong.Name("kasparro"), kong.Writers(os.Stdout, stderr),
		kong.Description("Crypto market data from CoinPaprika, CoinGecko and CSV files, through GraphQL and REST, from PostgreSQL."),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		panic(err) // the structs above are wrong
	}
	call, err := parser.Parse(args)
	if err != nil {
		var wrong *kong.ParseError
		if errors.As(err, &wrong) {
			_ = wrong.Context.PrintUsage(true)
		}
		complain(err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	call.BindTo(ctx, (*context.Context)(nil))
	err = call.Run()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) { // it has stopped as it was asked to, before it had begun
		return exitDone
	}
	return exitCode(err)
}

// complain says what is wrong; that it cannot be said, nobody could be told.
func complain(wrong any) { _, _ = fmt.Fprintln(stderr, "kasparro:", wrong) }

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errPartial):
		return exitPartial
	}
	if errors.Is(err, config.ErrInvalid) {
		complain(err)
		return exitUsage
	}
	// A driver tells every address that it tried on a line of its own.
	complain(strings.Join(strings.Fields(err.Error()), " "))
	return exitFailed
}
