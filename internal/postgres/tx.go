package postgres

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"
)

// transactor is a pool or one connection of it.
type transactor interface {
	RunInTx(ctx context.Context, opts *sql.TxOptions, do func(context.Context, bun.Tx) error) error
}

// inTx runs do in a transaction. One that says nothing for three beats is ended by the server: the
// process may have been stopped in the middle, and must not keep what it has locked from the one that takes
// its run over.
func inTx(ctx context.Context, db transactor, do func(context.Context, bun.Tx) error) error {
	return db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "SET LOCAL idle_in_transaction_session_timeout = ?", (3 * Beat).Milliseconds()); err != nil {
			return err
		}
		return do(ctx, tx)
	})
}
