package market

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kinds of global ids. An id reads kind_key, is unique over all kinds, and is the same in
// GraphQL, REST, logs and on the command line. Clients treat it as opaque.
const (
	IDAsset       = "asset"
	IDListing     = "listing"
	IDRecord      = "record"
	IDRun         = "run"
	IDRejection   = "rejection"
	IDDrift       = "drift"
	IDMatchChange = "change"
	IDKey         = "key"
	IDAuditEntry  = "audit"
)

// GlobalID makes the id of a thing that has a number.
func GlobalID(kind string, id int64) string { return kind + "_" + strconv.FormatInt(id, 10) }

// ParseGlobalID is the opposite of GlobalID. It returns ErrNotFound for an id of another kind.
func ParseGlobalID(kind, id string) (int64, error) {
	if digits, ok := strings.CutPrefix(id, kind+"_"); ok {
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n > 0 {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%w: %q is no id of a %s (they read %s_N)", ErrNotFound, id, kind, kind)
}

// GlobalID is the record's id: its listing and its instant in microseconds since 1970.
func (k RecordKey) GlobalID() string {
	return string(k.AppendGlobalID(nil))
}

// AppendGlobalID appends the record's id to a text.
func (k RecordKey) AppendGlobalID(b []byte) []byte {
	b = strconv.AppendInt(append(b, IDRecord+"_"...), k.ListingID, 10)
	return strconv.AppendInt(append(b, '_'), k.ObservedAt.UnixMicro(), 10)
}

// ParseRecordID is the opposite of RecordKey.GlobalID. It returns ErrNotFound for anything else, an
// instant beyond the calendar of the store among it.
func ParseRecordID(id string) (RecordKey, error) {
	parts := strings.Split(id, "_")
	if len(parts) == 3 && parts[0] == IDRecord {
		listing, err1 := strconv.ParseInt(parts[1], 10, 64)
		micros, err2 := strconv.ParseInt(parts[2], 10, 64)
		key := RecordKey{ListingID: listing, ObservedAt: time.UnixMicro(micros).UTC()}
		if err1 == nil && err2 == nil && key.possible() {
			return key, nil
		}
	}
	return RecordKey{}, fmt.Errorf("%w: %q is no id of a record", ErrNotFound, id)
}

// possible tells whether there can be such a record: no listing is below 1, and the calendars of
// the store and of JSON end with the year 9999.
func (k RecordKey) possible() bool {
	return k.ListingID > 0 && k.ObservedAt.Year() >= 1 && k.ObservedAt.Year() <= 9999
}
