package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/kasparro/kasparro/internal/market"
)

// unavailable wraps an error with what it means: market.ErrUnavailable where the database is away,
// market.ErrConflict where it took the transaction back in favour of another, and
// context.DeadlineExceeded where a statement took too long. Any other is returned as it is.
func unavailable(err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pg) && slices.Contains(conflicts, pg.Code):
		return fmt.Errorf("%w: %w", market.ErrConflict, err)
	case errors.As(err, &pg) && pg.Code == checkViolation && pg.TableName == "raw_records":
		return fmt.Errorf("%w: %w", market.ErrConflict, err) // its month was dropped just now, and is made again
	case errors.As(err, &pg) && pg.Code == queryCanceled:
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	case isAway(err):
		return fmt.Errorf("%w: %w", market.ErrUnavailable, err)
	}
	return err
}

// conflicts are serialization_failure, deadlock_detected and lock_not_available.
var conflicts = []string{"40001", "40P01", "55P03"}

// checkViolation is what the server says of a row that no partition takes, among others.
const checkViolation = "23514"

// queryCanceled is what the server says of a statement that it was asked to give up.
const queryCanceled = "57014"

func isAway(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		// 08: connection; 57P0x: shutting down or starting; 25P03: too long silent in a transaction, which is
		// gone with its connection; 53300: no connection left; 42P01: no such table, which is a database that has
		// not been migrated yet.
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "57P0") ||
			pg.Code == "25P03" || pg.Code == "53300" || pg.Code == "42P01"
	}
	if errors.Is(err, context.Canceled) {
		return false
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) && !errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// text makes a string that a text column can hold: the server refuses NUL and what is not UTF-8.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// texts writes the strings of a filter as the members of an IN. None of them breaks the statement,
// whatever a client sends.
func texts(list []string) schema.QueryAppender {
	clean := make([]string, len(list))
	for i, s := range list {
		clean[i] = text(s)
	}
	return bun.List(clean)
}
