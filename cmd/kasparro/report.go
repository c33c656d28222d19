package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// report is how one source went, as ingest prints it.
type report struct {
	Source     string `json:"source"`
	RunID      string `json:"run_id,omitempty"`
	Status     string `json:"status"`
	DurationMS int64  `json:"duration_ms"`
	market.Counters
	Anomalies []string `json:"anomalies,omitempty"`
	Note      string   `json:"note,omitempty"` // why there was nothing to do
	Error     string   `json:"error,omitempty"`
}

func newReport(name string, run market.Run, err error) report {
	r := report{Source: name, Status: "failed"}
	if err != nil {
		if errors.Is(err, market.ErrRunning) {
			r.Status = "running"
		}
		r.Error = err.Error()
		return r
	}
	r.RunID, r.Status = market.GlobalID(market.IDRun, run.ID), strings.ToLower(string(run.Status))
	r.DurationMS = run.Duration(time.Now()).Milliseconds()
	r.Counters, r.Anomalies, r.Error = run.Counters, run.Anomalies, run.Error
	return r
}

func printTable(w io.Writer, reports []report) error {
	var rows strings.Builder
	rows.WriteString("SOURCE\tSTATUS\tEXTRACTED\tINSERTED\tUPDATED\tUNCHANGED\tREJECTED\tRETRIES\tTOOK\n")
	for _, r := range reports {
		took := (time.Duration(r.DurationMS) * time.Millisecond).String()
		fmt.Fprintf(&rows, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", r.Source, r.Status,
			r.Extracted, r.Inserted, r.Updated, r.Unchanged, r.Rejected, r.Retries, took)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(t, rows.String()); err != nil {
		return err
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, r := range reports {
		for _, line := range append(r.Anomalies, r.Note, r.Error) {
			if line == "" {
				continue
			}
			if _, err := fmt.Fprintf(w, "%s: %s\n", r.Source, line); err != nil {
				return err
			}
		}
	}
	return nil
}
