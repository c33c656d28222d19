package simulator

import (
	"fmt"
	"net/http"
	"strings"
)

// upstream is one of the imitated APIs.
type upstream interface {
	// name is that of the API in faults and in the ledger.
	name() string
	// base is the path under which it is served.
	base() string
	// route names the endpoint of a path below base, with {id} for an id;
	// empty if there is none.
	route(path string) (route, id string)
	// answer is what the API says to r, validators included.
	answer(s *snapshot, r *http.Request, route, id string) reply
	// failure is an error in the shape and with the headers of the API.
	failure(s *snapshot, status int, message string) reply
}

// hit is one request to one upstream.
type hit struct {
	upstream
	path, endpoint, id string
}

func newHit(up upstream, r *http.Request) hit {
	h := hit{upstream: up, path: strings.TrimPrefix(r.URL.Path, up.base())}
	h.endpoint, h.id = up.route(h.path)
	return h
}

// serve answers the requests of one upstream, faults first.
func (s *Simulator) serve(up upstream) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := newHit(up, r)
		f := s.faults.take(h)
		if f != nil && !s.faults.hold(r.Context(), f) {
			s.ledger.add(s.clock.now(), h, r, reply{}, f)
			panic(http.ErrAbortHandler) // the client has gone
		}
		snap := s.snapshot()
		rep := s.respond(h, snap, r, f)
		s.ledger.add(s.clock.now(), h, r, rep, f)
		rep.send(w, r)
	}
}

func (s *Simulator) respond(h hit, snap *snapshot, r *http.Request, f *Fault) reply {
	if f != nil && f.steps() == instead {
		rep := f.reply(h, snap)
		rep.pour = s.faults.pouring(f)
		return rep
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return h.failure(snap, http.StatusMethodNotAllowed, fmt.Sprintf("%s is not allowed here", r.Method))
	}
	if f != nil && f.spoils() {
		return f.spoil(h.answer(snap.under(f), r, h.endpoint, h.id))
	}
	rep := h.answer(snap, r, h.endpoint, h.id).unchanged(r)
	if f != nil && f.Kind == "trickle" {
		rep.stamps, rep.pour = nil, s.faults.pouring(f)
	}
	return rep
}
