package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// Allowance is what a credential may ask of its upstream, all processes on the database together.
type Allowance struct {
	Credential string        // the source, and where there is a key ":" and something that tells keys apart, never the key
	PerSecond  float64       // requests a second; more than 0
	Burst      int           // requests that may go at once before the rate holds them; less than 1 counts as 1
	PerMonth   int64         // requests a calendar month in UTC; 0: no budget
	MaxWait    time.Duration // a request that would wait for longer is not reserved; 0: it may wait for ever
}

// thisMonth is the first day of the month that it is in UTC, by the clock of the database.
const thisMonth = "date_trunc('month', now() AT TIME ZONE 'UTC')::date"

// Reserving is one statement, so it holds among processes: whoever waits for the row sees it as the
// one before left it. due_at is when the request after this one is due if none is ever early; Burst
// says by how much they may be (the generic cell rate algorithm). What is refused changes nothing.
const reserveRequest = `INSERT INTO upstream_allowances AS a (credential, due_at, month, requests)
	VALUES (?0, clock_timestamp() + ?1 * interval '1 second', ` + thisMonth + `, 1)
	ON CONFLICT (credential) DO UPDATE SET
		due_at = greatest(a.due_at, clock_timestamp()) + ?1 * interval '1 second',
		month = greatest(a.month, excluded.month),
		requests = CASE WHEN a.month < excluded.month THEN 1 ELSE a.requests + 1 END
	WHERE (?3 = 0 OR a.month < excluded.month OR a.requests < ?3)
		AND (?4 = 0 OR ` + dueIn + ` <= ?4)
	RETURNING ` + dueIn + ` - (?1 * 1000000)::bigint`

// dueIn is in how many microseconds a request may go; less than 0 means that it could have gone.
const dueIn = "(extract(epoch FROM a.due_at - ?2 * interval '1 second' - clock_timestamp()) * 1000000)::bigint"

// Reserve takes leave for one request and returns how long it has to wait before it is made: not at
// all, or up to MaxWait. A longer wait is returned as well, but then nothing has been reserved. Once
// the month's budget is spent the error wraps market.ErrQuota; nothing is counted then.
func (s *Store) Reserve(ctx context.Context, a Allowance) (time.Duration, error) {
	every := 1 / a.PerSecond // seconds
	early := every * float64(max(a.Burst, 1)-1)
	for {
		var micros int64
		err := s.db.NewRaw(reserveRequest, a.Credential, every, early, a.PerMonth, a.MaxWait.Microseconds()).Scan(ctx, &micros)
		if err == nil {
			return max(0, time.Duration(micros)*time.Microsecond), nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return 0, fmt.Errorf("reserve a request to %s: %w", a.source(), unavailable(err))
		}
		wait, err := s.refusal(ctx, a, early)
		if err != nil || a.MaxWait > 0 && wait > a.MaxWait {
			return wait, err
		}
		// By now the request may go: time has passed, or a month has begun.
	}
}

// refusal says why a request was refused: an error for the budget, otherwise how long it would wait.
func (s *Store) refusal(ctx context.Context, a Allowance, early float64) (time.Duration, error) {
	var micros int64
	var spent bool
	var next time.Time
	err := s.db.NewRaw("SELECT "+dueIn+`, a.month >= `+thisMonth+` AND a.requests >= ?1 AND ?1 > 0, a.month + interval '1 month'
		FROM upstream_allowances a WHERE a.credential = ?0`, a.Credential, a.PerMonth, early).Scan(ctx, &micros, &spent, &next)
	if err != nil && !errors.Is(err, sql.ErrNoRows) { // without its row the credential has asked for nothing yet
		return 0, fmt.Errorf("read the allowance of %s: %w", a.source(), unavailable(err))
	}
	if spent {
		return 0, fmt.Errorf("%s: %w: all %d were made; raise %s_MONTHLY_REQUESTS if the plan allows more, or wait until %s",
			a.source(), market.ErrQuota, a.PerMonth, strings.ToUpper(a.source()), next.UTC().Format(time.RFC3339))
	}
	return time.Duration(micros) * time.Microsecond, nil
}

// source is the part of the credential that may be shown.
func (a Allowance) source() string {
	source, _, _ := strings.Cut(a.Credential, ":")
	return source
}
