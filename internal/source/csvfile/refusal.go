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

// verdict is a reason as a payload holds it.
type verdict struct {
	Code   string `json:"code"`
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

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
	detail := file + " is refused: " + strings.Join(strings.Fields(what), " ")
	payload, err := json.Marshal(struct {
		File    string   `json:"file"`
		Header  []string `json:"header"`
		Refused verdict  `json:"refused"`
	}{file, names, verdict{code, field, detail}})
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return &refusal{payload: payload, reason: market.Reason{Code: code, Field: field, Detail: detail}}
}

// unreadable is the refusal of a file most of whose rows on a page can be no records, and nil where
// they can.
func unreadable(file string, page source.Page, names []string) *refusal {
	var first *market.Reason
	bad := 0
	for i := range page.Items {
		if reason := page.Items[i].Unfit(page.FetchedAt); reason != nil {
			bad++
			first = cmp.Or(first, reason)
		}
	}
	if !source.MostlyBad(bad, len(page.Items)) {
		return nil
	}
	var refused *refusal
	errors.As(refuse(file, names, "unreadable_rows", first.Field, fmt.Sprintf(
		"%d of %d rows cannot be read, the first because %s: mend the file, and it is read on from where it was left",
		bad, len(page.Items), first.Detail)), &refused)
	return refused
}

func (r *refusal) item(file string) source.Item {
	return source.Item{ExternalID: file, Payload: r.payload, Problem: &r.reason}
}

// giveRows yields a page of rows, or refuses the rest of the file where most of them cannot be
// read: the files behind it are not to suffer for it. It tells whether to stop.
func (r *reading) giveRows(name string, at progress, page source.Page, t *table) (stop bool, err error) {
	page.FetchedAt = time.Now().UTC()
	refused := unreadable(name, page, t.header.names)
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
	return r.give(name, at, source.Page{
		Items: []source.Item{refused.item(name)}, Incomplete: refused.Error(), Bytes: bytes, FetchedAt: time.Now().UTC(),
	})
}

// remind says again why files are left out: nothing of them is stored twice, but the run is not
// whole until they are mended.
func (r *reading) remind() bool {
	next, err := r.cursor.encode()
	if err != nil {
		return r.yield(source.Page{}, err)
	}
	return r.yield(source.Page{
		Next: next, FetchedAt: time.Now().UTC(), Share: r.share(progress{}), Incomplete: strings.Join(r.still, "; "),
	}, nil)
}
