package csvfile

import (
	"encoding/json"
	"fmt"
	"strings"

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

func (r *refusal) item(file string) source.Item {
	return source.Item{ExternalID: file, Payload: r.payload, Problem: &r.reason}
}
