package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/market"
)

type keysCommand struct {
	config.Flags

	Create keysCreate `cmd:"" help:"Make a key, and show it, once."`
	List   keysList   `cmd:"" help:"Show the keys that were made, newest first."`
	Revoke keysRevoke `cmd:"" help:"Have a key never be accepted again, by any process, within five seconds."`
	Audit  keysAudit  `cmd:"" help:"Show what was done with keys, newest first."`
}

type keysCreate struct {
	Name    string `arg:"" help:"What people call it: who or what it is for."`
	Scope   string `required:"" enum:"read,admin" placeholder:"read|admin" help:"read, or admin, which may change things as well."`
	Expires string `placeholder:"90d" help:"In how long it is no longer accepted: 90d, 12h, 30m. Never if not given."`
}

type keysList struct {
	Limit int  `default:"50" help:"How many at most."`
	JSON  bool `name:"json" help:"Print one JSON object a line instead of a table."`
}

type keysRevoke struct {
	ID string `arg:"" help:"Its id, as list shows it. A key that was found somewhere will do as well."`
}

type keysAudit struct {
	Limit int  `default:"50" help:"How many entries at most."`
	JSON  bool `name:"json" help:"Print one JSON object a line instead of a table."`
}

// Run makes a key. On the standard output there is nothing but the key, so that it can go wherever it is to be kept.
func (c keysCreate) Run(ctx context.Context, all *commands) error {
	wanted := market.NewAPIKey{Name: c.Name, Scope: market.Scope(c.Scope)}
	if c.Expires != "" {
		in, err := span(c.Expires)
		if err != nil {
			return err
		}
		at := time.Now().Add(in).UTC().Truncate(time.Second)
		wanted.ExpiresAt = &at
	}
	if err := wanted.Check(time.Now()); err != nil {
		return usageError{err.Error()}
	}
	return all.Keys.at(ctx, func(ctx context.Context, desk *keyDesk) error {
		made, key, err := desk.CreateKey(ctx, wanted)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s was made, with the scope %s, %s. This is the only time that it is shown:\n", made.GlobalID(), made.Scope, ends(made))
		_, err = fmt.Println(key)
		return err
	})
}

// Run revokes a key.
func (c keysRevoke) Run(ctx context.Context, all *commands) error {
	return all.Keys.at(ctx, func(ctx context.Context, desk *keyDesk) error {
		revoked, err := desk.RevokeKey(ctx, strings.TrimPrefix(c.ID, market.IDKey+"_"))
		if err == nil {
			_, err = fmt.Printf("%s (%s) was revoked at %s\n", revoked.GlobalID(), cell(revoked.Name), revoked.RevokedAt.Format(time.RFC3339))
		}
		return err
	})
}

// Run lists keys.
func (c keysList) Run(ctx context.Context, all *commands) error {
	if err := atLeastOne(c.Limit); err != nil {
		return err
	}
	return all.Keys.at(ctx, func(ctx context.Context, desk *keyDesk) error {
		found, err := desk.Keys(ctx, market.KeyFilter{}, market.Window[int64]{Size: c.Limit})
		if err != nil {
			return err
		}
		return printKeys(os.Stdout, found, c.JSON)
	})
}

// Run lists the audit log.
func (c keysAudit) Run(ctx context.Context, all *commands) error {
	if err := atLeastOne(c.Limit); err != nil {
		return err
	}
	return all.Keys.at(ctx, func(ctx context.Context, desk *keyDesk) error {
		found, err := desk.AuditLog(ctx, market.AuditFilter{}, market.Window[int64]{Size: c.Limit})
		if err != nil {
			return err
		}
		return printAudit(os.Stdout, found, c.JSON)
	})
}

func atLeastOne(limit int) error {
	if limit < 1 {
		return usageError{fmt.Sprintf("--limit: %d is too few: 1 is the least", limit)}
	}
	return nil
}

// at opens the database, brings it up to date, and does what a user of the command line wants.
func (c *keysCommand) at(ctx context.Context, do func(context.Context, *keyDesk) error) error {
	cfg, err := c.Load()
	if err != nil {
		return err
	}
	return inDatabase(ctx, cfg, bounded("keys", 3), func(d *database, pool *bun.DB) error {
		if err := d.migrate(ctx); err != nil {
			return err
		}
		store := newStore(cfg, pool)
		return do(market.WithActor(ctx, commandLine()), &keyDesk{store, apikey.NewRing(store)})
	})
}

// commandLine is who has typed the command, as far as the system knows.
func commandLine() market.Actor {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, _ := os.Hostname()
	return market.Actor{Name: "cli:" + cmp.Or(os.Getenv("SUDO_USER"), name), Address: host}
}
