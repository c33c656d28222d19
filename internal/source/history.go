package source

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// PartHistory is Page.Part of history: its payloads are shaped otherwise than those of the present. A
// page that only says that a coin is unknown has ProblemUnknownCoin for its part.
const PartHistory = "history"

// ProblemUnknownCoin is the code of an item that stands for a coin which the upstream does not know.
const ProblemUnknownCoin = "unknown_coin"

// Chunk is the stretch of one coin's history that is asked for at once, and a page.
type Chunk struct {
	ID   string    // of the coin
	From time.Time // UTC, whole seconds
	To   time.Time // what was observed then is not in the chunk any more
}

// String names the chunk in errors.
func (c Chunk) String() string {
	return fmt.Sprintf("history of %q from %s to %s", c.ID, c.From.Format(time.RFC3339), c.To.Format(time.RFC3339))
}

// Keep returns the items that were observed within the chunk, and those of which nobody can tell.
func (c Chunk) Keep(items []Item) []Item {
	return slices.DeleteFunc(items, func(it Item) bool {
		return !it.ObservedAt.IsZero() && (it.ObservedAt.Before(c.From) || !it.ObservedAt.Before(c.To))
	})
}

// Unknown is the item of a chunk whose coin the upstream does not know, with its words.
func (c Chunk) Unknown(said string) Item {
	var payload struct {
		ID      string `json:"id"`
		Unknown any    `json:"unknown_coin"`
	}
	payload.ID = c.ID
	payload.Unknown = map[string]string{"from": c.From.Format(time.RFC3339), "to": c.To.Format(time.RFC3339), "said": said}
	text, err := json.Marshal(payload)
	if err != nil {
		panic(fmt.Sprintf("source: texts cannot be written as JSON: %v", err))
	}
	return UnknownCoin(text)
}

// UnknownCoin reads the payload that Chunk.Unknown made.
func UnknownCoin(payload []byte) Item {
	o := NewObject(payload)
	said := o.Object(ProblemUnknownCoin).Text("said")
	return Item{ExternalID: o.ID("id"), Payload: payload, Problem: &market.Reason{
		Code: ProblemUnknownCoin, Field: "id", Detail: "the upstream has no history of such a coin: " + said,
	}}
}

// refuseStrangers makes an error of it when one coin after the other, from the first on, is unknown:
// then it is not the coins that are wrong.
func refuseStrangers(get func(context.Context, Chunk) (Page, error)) func(context.Context, Chunk) (Page, error) {
	asked, unknown := 0, 0
	return func(ctx context.Context, c Chunk) (Page, error) {
		page, err := get(ctx, c)
		asked++
		if err == nil && isUnknown(page) {
			unknown++
		}
		if unknown == asked && MostlyBad(unknown, asked) {
			err = fmt.Errorf("the first %d coins are all unknown (%s): is the base URL right?", asked, page.Items[0].Problem.Detail)
		}
		return page, err
	}
}

func isUnknown(page Page) bool {
	return len(page.Items) == 1 && page.Items[0].Problem != nil && page.Items[0].Problem.Code == ProblemUnknownCoin
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
