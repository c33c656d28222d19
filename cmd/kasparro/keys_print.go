package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// span reads a time to come: 90d, 12h, 30m.
func span(given string) (time.Duration, error) {
	wrong := usageError{fmt.Sprintf("--expires: %q is not allowed: a time from 1m to 3650d, such as 90d, 12h or 30m", given)}
	if days, ok := strings.CutSuffix(given, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil || n < 1 || n > 3650 {
			return 0, wrong
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(given)
	if err != nil || d < time.Minute || d > 3650*24*time.Hour {
		return 0, wrong
	}
	return d, nil
}

// ends says when a key expires.
func ends(k market.APIKey) string {
	if k.ExpiresAt == nil {
		return "for good"
	}
	return "until " + k.ExpiresAt.Format(time.RFC3339)
}

// keyJSON is a key as a line of JSON.
type keyJSON struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Scope      string     `json:"scope"`
	Status     string     `json:"status"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	RevokedAt  *time.Time `json:"revoked_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

func printKeys(w io.Writer, found market.Page[market.APIKey], asJSON bool) error {
	lines := []string{"ID\tNAME\tSCOPE\tSTATUS\tCREATED\tEXPIRES\tREVOKED\tLAST USED"}
	for _, k := range found.Items {
		status := strings.ToLower(string(k.Status))
		if asJSON {
			err := json.NewEncoder(w).Encode(keyJSON{k.GlobalID(), k.Name, string(k.Scope), status, k.CreatedAt, k.ExpiresAt, k.RevokedAt, k.LastUsedAt})
			if err != nil {
				return err
			}
			continue
		}
		lines = append(lines, strings.Join([]string{k.GlobalID(), cell(k.Name), string(k.Scope), status,
			k.CreatedAt.Format(time.RFC3339), orDash(k.ExpiresAt), orDash(k.RevokedAt), orDash(k.LastUsedAt)}, "\t"))
	}
	if asJSON {
		return nil
	}
	return printLines(w, lines, found.More, "there are no keys in the database: `kasparro keys create NAME --scope read` makes one")
}

// auditJSON is an entry of the audit log as a line of JSON.
type auditJSON struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	Actor     string    `json:"actor"`
	Address   string    `json:"address"`
	RequestID string    `json:"request_id"`
	Action    string    `json:"action"`
	Target    string    `json:"target"`
	Detail    string    `json:"detail"`
}

func printAudit(w io.Writer, found market.Page[market.AuditEntry], asJSON bool) error {
	lines := []string{"ID\tCREATED\tACTOR\tADDRESS\tACTION\tTARGET\tDETAIL"}
	for _, e := range found.Items {
		id, action := market.GlobalID(market.IDAuditEntry, e.ID), strings.ToLower(string(e.Action))
		if asJSON {
			err := json.NewEncoder(w).Encode(auditJSON{id, e.CreatedAt, e.Actor.Name, e.Actor.Address, e.RequestID, action, e.Target, e.Detail})
			if err != nil {
				return err
			}
			continue
		}
		lines = append(lines, strings.Join([]string{id, e.CreatedAt.Format(time.RFC3339), cell(e.Actor.Name), cell(e.Actor.Address),
			action, e.Target, cell(e.Detail)}, "\t"))
	}
	if asJSON {
		return nil
	}
	return printLines(w, lines, found.More, "nothing was done with keys yet")
}

// printLines prints lines of cells below their headings.
func printLines(w io.Writer, lines []string, more bool, none string) error {
	if len(lines) == 1 {
		_, err := fmt.Fprintln(w, none)
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(t, strings.Join(lines, "\n")); err != nil {
		return err
	}
	if err := t.Flush(); err != nil || !more {
		return err
	}
	_, err := fmt.Fprintln(w, "There are more: --limit shows them.")
	return err
}

func orDash(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Format(time.RFC3339)
}
