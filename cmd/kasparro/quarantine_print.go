package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kasparro/kasparro/internal/market"
)

// widest is how many characters of a text a table shows.
const widest = 80

// cell makes a text of an upstream fit for a table: in one line, without what would steer a terminal.
func cell(text string) string {
	short := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text))
	if len(short) > widest {
		short = append(short[:widest-1], '…')
	}
	return string(short)
}

func printRejections(w io.Writer, found market.Page[market.Rejection]) error {
	if len(found.Items) == 0 {
		_, err := fmt.Fprintln(w, "nothing of that is in quarantine")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	lines := []string{"ID\tSOURCE\tEXTERNAL ID\tREASON\tFIELD\tRUN\tCREATED\tRESOLVED\tDETAIL"}
	for _, r := range found.Items {
		resolved := "-"
		if r.ResolvedAt != nil {
			resolved = r.ResolvedAt.Format(time.RFC3339)
		}
		lines = append(lines, strings.Join([]string{
			market.GlobalID(market.IDRejection, r.ID), r.Source, cell(r.ExternalID), r.Reason.Code, cell(r.Reason.Field),
			market.GlobalID(market.IDRun, r.RunID), r.CreatedAt.Format(time.RFC3339), resolved, cell(r.Reason.Detail),
		}, "\t"))
	}
	if _, err := fmt.Fprintln(t, strings.Join(lines, "\n")); err != nil {
		return err
	}
	if err := t.Flush(); err != nil || !found.More {
		return err
	}
	_, err := fmt.Fprintln(w, "There are more: --limit shows them.")
	return err
}

// rejectionJSON is a rejection as a line of JSON.
type rejectionJSON struct {
	ID            string          `json:"id"`
	Source        string          `json:"source"`
	ExternalID    string          `json:"external_id"`
	Reason        string          `json:"reason"`
	Field         string          `json:"field"`
	Detail        string          `json:"detail"`
	RunID         string          `json:"run_id"`
	CreatedAt     time.Time       `json:"created_at"`
	ResolvedAt    *time.Time      `json:"resolved_at"`
	Payload       json.RawMessage `json:"payload"`                  // null where it is no JSON
	PayloadBase64 []byte          `json:"payload_base64,omitempty"` // then the bytes as they came
}

// payloadsAtOnce is how many payloads are held at a time, the longest of which have a quarter of a megabyte.
const payloadsAtOnce = 100

func printRejectionsJSON(ctx context.Context, w io.Writer, store market.Reader, list []market.Rejection) error {
	out := json.NewEncoder(w)
	for some := range slices.Chunk(list, payloadsAtOnce) {
		ids := make([]int64, len(some))
		for i, r := range some {
			ids[i] = r.ID
		}
		payloads, err := store.RejectedPayloads(ctx, ids)
		if err != nil {
			return err
		}
		for _, r := range some {
			if err := out.Encode(newRejectionJSON(r, payloads[r.ID])); err != nil {
				return err
			}
		}
	}
	return nil
}

func newRejectionJSON(r market.Rejection, payload []byte) rejectionJSON {
	line := rejectionJSON{
		ID: market.GlobalID(market.IDRejection, r.ID), Source: r.Source, ExternalID: r.ExternalID,
		Reason: r.Reason.Code, Field: r.Reason.Field, Detail: r.Reason.Detail,
		RunID: market.GlobalID(market.IDRun, r.RunID), CreatedAt: r.CreatedAt, ResolvedAt: r.ResolvedAt,
	}
	if json.Valid(payload) && utf8.Valid(payload) {
		line.Payload = payload
	} else {
		line.PayloadBase64 = payload
	}
	return line
}

func printRetries(w io.Writer, reports []report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	lines, failed := []string{"SOURCE\tSTATUS\tTRIED\tRESOLVED\tWAITING"}, ""
	for _, r := range reports {
		lines = append(lines, fmt.Sprintf("%s\t%s\t%d\t%d\t%d", r.Source, r.Status, r.Extracted, r.Extracted-r.Rejected, r.Rejected))
		if r.Error != "" {
			failed += r.Source + ": " + r.Error + "\n"
		}
	}
	if _, err := fmt.Fprintln(t, strings.Join(lines, "\n")); err != nil {
		return err
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, failed)
	return err
}
