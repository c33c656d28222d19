package chaos_test

import (
	"context"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
)

// hold keeps a lock in a session of its own until it is released.
func (r *rig) hold(statement string) (release func()) {
	r.t.Helper()
	s := r.session()
	s.do(statement)
	return s.end
}

// session is a session beside those of the program, in a transaction.
type session struct {
	r    *rig
	conn bun.Conn
	over bool
}

func (r *rig) session() *session {
	r.t.Helper()
	conn, err := r.db.Conn(context.Background())
	require.NoError(r.t, err)
	s := &session{r: r, conn: conn}
	r.t.Cleanup(s.end)
	s.do("BEGIN")
	return s
}

func (s *session) do(statement string) {
	s.r.t.Helper()
	_, err := s.conn.ExecContext(context.Background(), statement)
	require.NoError(s.r.t, err)
}

// end takes back what the session has done, and lets everything go that it holds.
func (s *session) end() { s.close("ROLLBACK") }

// commit keeps what the session has done.
func (s *session) commit() { s.close("COMMIT") }

func (s *session) close(how string) {
	if s.over {
		return
	}
	s.over = true
	// That it cannot is no failure: the server may have been taken away.
	_, _ = s.conn.ExecContext(context.Background(), how)
	_ = s.conn.Close()
}
