package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/postgres"
)

// restoring is a pool on a database that nobody else uses yet; what is done there may take its time.
var restoring = postgres.Pool{Name: "restore", MaxConns: 2}

// compare reads a restored database whole and holds it to what it should be.
func compare(ctx context.Context, url string, want postgres.Contents) (err error) {
	db, err := postgres.Open(url, restoring)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	snapshot, err := postgres.TakeSnapshot(ctx, db)
	if err != nil {
		return err
	}
	got, err := snapshot.Contents(ctx)
	if err = errors.Join(err, snapshot.Close()); err != nil {
		return err
	}
	if wrong := want.Differences(got); len(wrong) > 0 {
		return fmt.Errorf("what was restored is not what was backed up: %s", strings.Join(wrong, "; "))
	}
	return nil
}

// exchange makes a restored database ready, puts it in its place, and tells what follows from that.
func exchange(ctx context.Context, e *postgres.Exchange, m manifest) error {
	refused, err := e.Set(ctx, m.Contents.Settings)
	if err != nil {
		return err
	}
	if err := ready(ctx, e.URL(e.New)); err != nil {
		return err
	}
	kept, err := e.Swap(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("Restored %s: %s. Every count and checksum is that of the backup.\n", e.Database, m)
	tell(ctx, e, kept)
	if len(refused) > 0 {
		fmt.Printf("These settings of the database only an administrator may restore: %s. `kasparro doctor` says which matter.\n", strings.Join(refused, ", "))
	}
	if len(m.Contents.Grantees) > 0 {
		fmt.Printf("Rights of other users are not restored. These had some: %s.\n", strings.Join(m.Contents.Grantees, ", "))
	}
	fmt.Println("A standby that followed this server goes on following it; one that followed another has to be made anew.")
	return nil
}

// ready has the planner know the tables, and no version of the data be told again that stood for what is lost.
func ready(ctx context.Context, url string) (err error) {
	db, err := postgres.Open(url, restoring)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "ANALYZE"); err != nil {
		return err
	}
	return postgres.New(db, nil).LeapVersion(ctx)
}

// tell says what became of the old database, and which keys came back. The exchange is done: what fails now is told and no more.
func tell(ctx context.Context, e *postgres.Exchange, kept bool) {
	revived, err := []string(nil), error(nil)
	if kept {
		revived, err = revivedKeys(ctx, e)
	}
	switch {
	case !kept || err != nil:
		fmt.Println("Keys that were revoked after the backup are good again: look at them with `kasparro keys list`.")
	case len(revived) > 0:
		fmt.Printf("These keys, revoked after the backup, are good again until you run `kasparro keys revoke` for each: %s.\n", strings.Join(revived, ", "))
	}
	if kept {
		fmt.Printf("What was there before is kept as %s. `make restore DROP=%s` or `kasparro restore --drop %s` drops it.\n", e.Aside, e.Aside, e.Aside)
	}
}

func revivedKeys(ctx context.Context, e *postgres.Exchange) (ids []string, err error) {
	var pools [2]*bun.DB
	for i, name := range []string{e.Aside, e.Database} {
		if pools[i], err = postgres.Open(e.URL(name), restoring); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, pools[i].Close()) }()
	}
	return postgres.RevivedKeys(ctx, pools[0], pools[1])
}
