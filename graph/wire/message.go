package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
)

// subprotocol is the one that sockets speak: GraphQL over WebSocket, as the library graphql-ws has it.
const subprotocol = "graphql-transport-ws"

// Codes that a socket is closed with, besides those of RFC 6455.
const (
	closeBadMessage  = 4400
	closeNoInit      = 4401
	closeForbidden   = 4403
	closeProtocol    = 4406
	closeInitTooLate = 4408
	closeDuplicate   = 4409
	closeInitTwice   = 4429
)

// MaxID is how many bytes the id of an operation may have, since each is kept.
const MaxID = 256

// message is what a client has sent over a socket.
type message struct {
	kind    string
	id      string                     // of the operation, where it belongs to one
	payload map[string]json.RawMessage // nil where there is none
	params  *graphql.RawParams         // of subscribe
}

// parse reads a message; the error says what is wrong with it.
func parse(frame int, text []byte) (m message, err error) {
	switch {
	case frame != websocket.TextMessage:
		return m, errors.New("the message is binary, not text")
	case !utf8.Valid(text):
		return m, errors.New("the message is no UTF-8")
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) != nil || fields == nil {
		return m, errors.New("the message is no JSON object")
	}
	if err := m.fill(fields); err != nil {
		return m, err
	}
	switch m.kind {
	case "connection_init", "ping", "pong":
		return m, nil
	case "complete", "subscribe":
		if m.id == "" || len(m.id) > MaxID {
			return m, fmt.Errorf("the id must be a text of 1 to %d bytes", MaxID)
		}
	default:
		return m, errors.New("the type of the message is not known")
	}
	if m.kind == "subscribe" {
		m.params, err = fromFields(m.payload)
	}
	return m, err
}

// fill checks the types. What is null counts as left out.
func (m *message) fill(fields map[string]json.RawMessage) error {
	for _, f := range []struct {
		name string
		into any
		kind string
	}{{"type", &m.kind, "a text"}, {"id", &m.id, "a text"}, {"payload", &m.payload, "an object"}} {
		if raw, given := fields[f.name]; given && json.Unmarshal(raw, f.into) != nil {
			return fmt.Errorf("%s must be %s", f.name, f.kind)
		}
	}
	return nil
}

// key is the key in the payload of connection_init, under the name of a header that might have held it,
// since browsers set none on sockets. It is empty where there is none.
func (m message) key() string {
	var bearer string
	for name, raw := range m.payload {
		var value string
		if json.Unmarshal(raw, &value) != nil {
			continue
		}
		switch {
		case strings.EqualFold(name, "x-api-key"):
			return strings.TrimSpace(value)
		case strings.EqualFold(name, "authorization"):
			scheme, key, _ := strings.Cut(value, " ")
			if strings.EqualFold(scheme, "Bearer") {
				bearer = strings.TrimSpace(key)
			}
		}
	}
	return bearer
}

// reason is the text as far as it fits into a close frame.
func reason(text string) string {
	const most = 123
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}
