package market

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Window is the part of an ordered list that is asked for, by key: it neither shifts nor slows
// while rows are being added. Size is at least 1.
type Window[K any] struct {
	Size     int
	Backward bool // the last Size before Before (or of the list), still returned in list order
	After    *K   // only what comes after it
	Before   *K   // only what comes before it
	Skip     int  // rows left out at the start, for numbered pages only
}

// Page is an answer to a Window.
type Page[T any] struct {
	Items []T
	More  bool // further rows exist in the direction of travel
}

// cursorVersion changes whenever the encoding of a key does.
const cursorVersion = 1

// CursorScope binds page cursors to the order and the filter they came from.
type CursorScope [6]byte

// NewCursorScope makes a scope of everything that decides which rows a list holds and how they
// are ordered. Equal parts give equal scopes, today and after a restart.
func NewCursorScope(parts ...any) CursorScope {
	text, err := json.Marshal(parts)
	if err != nil {
		panic(fmt.Sprintf("market: a cursor scope must be plain data: %v", err))
	}
	sum := sha256.Sum256(text)
	return CursorScope(sum[:6])
}

// EncodeCursor makes the opaque cursor of a key within a scope.
func EncodeCursor[K any](s CursorScope, key K) string { return string(AppendCursor(nil, s, key)) }

// AppendCursor appends to b what EncodeCursor makes.
func AppendCursor[K any](b []byte, s CursorScope, key K) []byte {
	raw := append(append(make([]byte, 0, 96), cursorVersion), s[:]...)
	if k, ok := any(&key).(*RecordKey); ok { // every row of a page may have one, so it is written by hand
		return base64.RawURLEncoding.AppendEncode(b, k.appendJSON(raw))
	}
	text, err := json.Marshal(key)
	if err != nil {
		panic(fmt.Sprintf("market: a cursor key must be plain data: %v", err))
	}
	return base64.RawURLEncoding.AppendEncode(b, append(raw, text...))
}

// appendJSON appends what json.Marshal makes of the key.
func (k *RecordKey) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"ListingID":`...), k.ListingID, 10)
	return append(k.ObservedAt.AppendFormat(append(b, `,"ObservedAt":"`...), time.RFC3339Nano), `"}`...)
}

// DecodeCursor returns the key of a cursor, or ErrBadCursor with the reason.
func DecodeCursor[K any](s CursorScope, cursor string) (K, error) {
	var key K
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) < 1+len(s) {
		return key, fmt.Errorf("%w: it was not made by this service", ErrBadCursor)
	}
	if raw[0] != cursorVersion {
		return key, fmt.Errorf("%w: it is of version %d, this service makes %d: start again without one",
			ErrBadCursor, raw[0], cursorVersion)
	}
	if CursorScope(raw[1:1+len(s)]) != s {
		return key, fmt.Errorf("%w: it belongs to another list, filter or order", ErrBadCursor)
	}
	if err := json.Unmarshal(raw[1+len(s):], &key); err != nil {
		return key, fmt.Errorf("%w: it is damaged", ErrBadCursor)
	}
	if k, ok := any(key).(interface{ possible() bool }); ok && !k.possible() {
		return key, fmt.Errorf("%w: it is damaged", ErrBadCursor)
	}
	return key, nil
}
