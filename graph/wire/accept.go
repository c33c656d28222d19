package wire

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// mediaType is what an answer is written in.
type mediaType string

const (
	// asJSON answers 200 whenever the request was a GraphQL request, for clients that know nothing else.
	asJSON mediaType = "application/json"
	// asResponse answers 4xx where nothing could be executed.
	asResponse mediaType = "application/graphql-response+json"
	// asEvents answers with any number of events, one of which may say what is wrong.
	asEvents mediaType = "text/event-stream"
)

// statusOfRequestError is the status of an operation that could not be executed at all.
func (m mediaType) statusOfRequestError() int {
	if m == asResponse {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// negotiate picks the media type of the answer: the one that the client likes best and, of two that it
// likes alike, application/json unless the other is named and the first is not. A client that says nothing
// gets application/json. Where neither is accepted, ok is false and the answer that says so is JSON.
func negotiate(accept []string) (best mediaType, ok bool) {
	header := strings.Join(accept, ",")
	if strings.TrimSpace(header) == "" {
		return asJSON, true
	}
	json, response := qualityOf(header, asJSON), qualityOf(header, asResponse)
	switch {
	case json.q <= 0 && response.q <= 0:
		return asJSON, false
	case response.q > json.q, response.q == json.q && response.exact && !json.exact:
		return asResponse, true
	}
	return asJSON, true
}

// eventStream is whether a client takes events: at all, for what cannot be answered at once, and rather than
// one answer.
type eventStream struct{ able, first bool }

// eventsFor is eventStream of a request. A range of everything is no wish for events: who sends it may wait
// for the end of them.
func (h Handler) eventsFor(r *http.Request) eventStream {
	if h.Live == nil || r.Method == http.MethodHead {
		return eventStream{}
	}
	header := strings.Join(r.Header.Values("Accept"), ",")
	json, response, events := qualityOf(header, asJSON), qualityOf(header, asResponse), qualityOf(header, asEvents)
	able := events.q > 0 && events.found > 0
	single := max(json.q, response.q)
	return eventStream{able, able && (events.q > single || events.q == single && events.exact && !json.exact && !response.exact)}
}

// offers says what answers can be had in, to a client that accepts none of it.
func (h Handler) offers() string {
	if h.Live == nil {
		return "an answer is made in application/graphql-response+json or application/json: accept one of them"
	}
	return "an answer is made in application/graphql-response+json, application/json or, as events, text/event-stream: accept one of them"
}

// whereTo says how to subscribe, to a client that asked for one answer.
func (h Handler) whereTo() string {
	const why = "a subscription goes on and on, which a single answer cannot"
	if h.Live == nil {
		return why
	}
	return why + ": accept text/event-stream, or ask over a WebSocket of the subprotocol " + subprotocol
}

// quality is how much a client likes a media type.
type quality struct {
	q     float64
	exact bool // it names the type itself
	found int  // how exactly the range fits that said so, the higher the more
}

// qualityOf takes the range of the header that fits most exactly, as RFC 9110 has it.
func qualityOf(header string, m mediaType) quality {
	best := quality{found: -1}
	for part := range strings.SplitSeq(header, ",") {
		name, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil && name == "" {
			continue
		}
		fits := -1
		switch {
		case name == string(m):
			fits = 2
		case strings.HasSuffix(name, "/*") && strings.HasPrefix(string(m), name[:len(name)-1]):
			fits = 1
		case name == "*/*":
			fits = 0
		}
		if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
			fits = -1
		}
		if fits > best.found {
			best = quality{q: weight(params["q"]), exact: fits == 2, found: fits}
		}
	}
	return best
}

func weight(q string) float64 {
	if q == "" {
		return 1
	}
	value, err := strconv.ParseFloat(q, 64)
	if err == nil && value >= 0 && value <= 1 {
		return value
	}
	return 0 // what is no weight, NaN for one
}
