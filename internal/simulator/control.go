package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const maxControlBody = 1 << 20

func (s *Simulator) routeControl() {
	s.mux.HandleFunc("POST /control/faults", s.postFault)
	s.mux.HandleFunc("GET /control/faults", func(w http.ResponseWriter, _ *http.Request) {
		faults, stalled := s.faults.list()
		writeJSON(w, http.StatusOK, map[string]any{"faults": faults, "stalled": stalled})
	})
	s.mux.HandleFunc("DELETE /control/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.faults.clear()
		w.WriteHeader(http.StatusNoContent)
	})
	s.mux.HandleFunc("GET /control/requests", func(w http.ResponseWriter, _ *http.Request) {
		counts, served := s.ledger.read()
		writeJSON(w, http.StatusOK, map[string]any{"counts": counts, "served": served})
	})
	s.mux.HandleFunc("GET /control/clock", s.getClock)
	s.mux.HandleFunc("POST /control/clock", s.postClock)
}

func (s *Simulator) postFault(w http.ResponseWriter, r *http.Request) {
	var order faultOrder
	if err := readJSON(r, &order); err != nil {
		refuse(w, err)
		return
	}
	f, err := order.fault()
	if err != nil {
		refuse(w, err)
		return
	}
	writeJSON(w, http.StatusCreated, s.faults.add(f))
}

func (s *Simulator) getClock(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]time.Time{"now": s.clock.now()})
}

func (s *Simulator) postClock(w http.ResponseWriter, r *http.Request) {
	var order struct {
		Advance string `json:"advance"`
	}
	if err := readJSON(r, &order); err != nil {
		refuse(w, err)
		return
	}
	by, err := time.ParseDuration(order.Advance)
	if err != nil {
		refuse(w, fmt.Errorf(`advance: %q is not a duration; expected one such as "5m" or "1h30m"`, order.Advance))
		return
	}
	if err := s.clock.advance(by); err != nil {
		refuse(w, err)
		return
	}
	s.getClock(w, r)
}

// readJSON reads one object with no fields but those of into. Its errors name
// the field.
func readJSON(r *http.Request, into any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, maxControlBody))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil && d.More() {
		return errors.New("body: expected one JSON object and nothing after it")
	}
	var mistyped *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mistyped):
		return fmt.Errorf("%s: expected %s, got a JSON %s", mistyped.Field, mistyped.Type, mistyped.Value)
	case strings.Contains(err.Error(), "unknown field"):
		field := strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`)
		return fmt.Errorf("%s: no such field; allowed: %s", field, words(fieldNames(into)))
	}
	return fmt.Errorf("body: expected a JSON object: %w", err)
}

func refuse(w http.ResponseWriter, err error) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(mustMarshal(v), '\n'))
}

// words joins names for a message.
func words(names []string) string { return strings.Join(names, ", ") }
