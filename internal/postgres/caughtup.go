package postgres

import (
	"context"
	"time"
)

const (
	// askWithin is how long a replica may take to say whether it has caught up.
	askWithin = 200 * time.Millisecond
	// askSoonest is the time until a replica that had not is asked again. It doubles each time, up to lookSoonest.
	askSoonest = time.Millisecond
)

// reached tells whether a replica has a version. Where that is not known it is asked, for replaying a commit takes milliseconds,
// and looks are further apart.
func (s *server) reached(ctx context.Context, version int64) bool {
	if s.known.Load() >= version {
		return true
	}
	s.asking.Lock() // who comes meanwhile has the answer of this one
	defer s.asking.Unlock()
	if s.known.Load() >= version {
		return true
	}
	if time.Now().Before(s.askAgain) {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askWithin) // a request that is given up would cost the connection
	defer cancel()
	var has int64
	var follows bool
	err := s.looks.NewRaw(followingQuery).Scan(ctx, &has, &follows)
	switch {
	case err != nil:
		s.pause = lookEvery
	case !follows:
		s.fit.Store(false) // which a look will say more of
	default:
		raise(&s.known, has)
		if has >= version {
			s.pause = 0
			return true
		}
	}
	if err == nil {
		s.pause = min(max(2*s.pause, askSoonest), lookSoonest)
	}
	s.askAgain = time.Now().Add(s.pause)
	return false
}
