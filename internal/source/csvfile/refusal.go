package csvfile

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// refusal is why a file is refused as a whole.
type refusal struct {
	reason  market.Reason
	payload []byte
}

// Error is the reason in a sentence.
func (r *refusal) Error() string { return r.reason.Detail }

// refuse makes the refusal of a file; what says what is missing and how to mend it.
func refuse(file string, names []string, code, field, what string) error {
	if names == nil {
		names = []string{}
	}
	payload, err := json.Marshal(struct {
		File   string   `json:"file"`
		Header []string `json:"header"`
	}{file, names})
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return &refusal{payload: payload, reason: market.Reason{
		Code: code, Field: field, Detail: file + " is refused: " + strings.Join(strings.Fields(what), " "),
	}}
}

// unreadable is the refusal of a file most of whose rows on a page cannot be read, and nil where
// they can. A row without a price or of the future counts: it would be rejected too.
func unreadable(file string, items []source.Item, names []string) *refusal {
	var first *market.Reason
	bad := 0
	for i := range items {
		problem := items[i].Problem
		switch {
		case problem != nil:
		case items[i].Price == "":
			problem = &market.Reason{Detail: "a row has no price"}
		case items[i].ObservedAt.After(time.Now().Add(source.FutureSlack)):
			problem = &market.Reason{Detail: "a row is of " + items[i].ObservedAt.Format(time.DateOnly) + ", which has not come yet"}
		}
		if problem != nil {
			bad++
			first = cmp.Or(first, problem)
		}
	}
	if !source.MostlyBad(bad, len(items)) {
		return nil
	}
	var refused *refusal
	errors.As(refuse(file, names, "unreadable_rows", first.Field, fmt.Sprintf(
		"%d of %d rows cannot be read, the first because %s: mend the file, and it is read on from where it was left",
		bad, len(items), first.Detail)), &refused)
	return refused
}

func (r *refusal) item(file string) source.Item {
	return source.Item{ExternalID: file, Payload: r.payload, Problem: &r.reason}
}

// giveRows yields a page of rows, or refuses the rest of the file where most of them cannot be
// read: the files behind it are not to suffer for it. It tells whether to stop.
func (r *reading) giveRows(name string, at progress, page source.Page, t *table) (stop bool, err error) {
	refused := unreadable(name, page.Items, t.header.names)
	if refused == nil {
		return false, r.give(name, at, page)
	}
	before := r.cursor.Files[name]
	at.Offset, at.SHA256, at.Dates, at.Done = before.Offset, before.SHA256, before.Dates, false
	return true, r.refuse(name, at, refused, page.Bytes)
}

// refuse yields the refusal of a file, or of what is left of it.
func (r *reading) refuse(name string, at progress, refused *refusal, bytes int64) error {
	at.Refused = refused.Error()
	return r.give(name, at, source.Page{Items: []source.Item{refused.item(name)}, Incomplete: refused.Error(), Bytes: bytes})
}

// remind says again why files are left out: nothing of them is stored twice, but the run is not
// whole until they are mended.
func (r *reading) remind() bool {
	next, err := r.cursor.encode()
	if err != nil {
		return r.yield(source.Page{}, err)
	}
	return r.yield(source.Page{Next: next, FetchedAt: time.Now().UTC(), Incomplete: strings.Join(r.still, "; ")}, nil)
}
