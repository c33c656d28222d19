package main

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/simulator"
)

func TestEveryFaultOfAnUpstreamIsSurvived(t *testing.T) {
	t.Parallel()
	for group, cases := range map[string][]faultCase{
		"refusals": refusalCases, "transport": transportCases, "lists": listCases, "rows": rowCases,
	} {
		for _, up := range []string{gecko, paprika} {
			t.Run(up+" "+group, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, up)
				r.clean(t)
				for _, c := range cases {
					if c.only == "" || c.only == up {
						t.Run(c.name, func(t *testing.T) { survive(t, r, c) })
					}
				}
			})
		}
	}
}

// survive runs under the fault, and then clean again. It begins and ends after a clean run.
func survive(t *testing.T, r *rig, c faultCase) {
	t.Helper()
	r.before = r.latest(t)
	r.misbehave(t, c.fault)
	run := r.run(t, c.client)

	require.Equal(t, cmp.Or(c.status, succeeded), run.Status, run.Error)
	for _, words := range c.says {
		require.Contains(t, run.Error, words)
	}
	require.Equal(t, c.retries, run.Retries)
	r.requireAsked(t, c, run)
	r.requireRejected(t, c, run)
	unusual := slices.DeleteFunc(run.Anomalies, func(s string) bool { return strings.HasPrefix(s, "duration:") }) // of a busy machine
	require.Equal(t, c.anomaly != "", mentions(unusual, c.anomaly), "%v", unusual)
	if c.check != nil {
		c.check(t, r, run)
	}
	r.cease(t)
	require.EqualValues(t, len(r.before), r.clean(t).Extracted, "the run after it reads all that there is")
	require.Len(t, r.latest(t), len(r.before))
}

// misbehave orders the fault; a Retry-After that begins with a plus is so far ahead, as a date.
func (r *rig) misbehave(t *testing.T, f simulator.Fault) {
	t.Helper()
	f.Upstream = r.up
	if f.Times == always {
		f.Times = 1000
	}
	if f.Kind == "redirect" {
		f.Location = r.otherHost(t)
	}
	if ahead, ok := strings.CutPrefix(f.RetryAfter, "+"); ok {
		d, err := time.ParseDuration(ahead)
		require.NoError(t, err)
		r.until = time.Now().Add(d).Truncate(time.Second)
		f.RetryAfter = inAWhile(d)
	}
	require.NoError(t, r.sim.Misbehave(f))
}

// requireAsked counts the requests of the last run: every page, every repetition, and the one in vain.
func (r *rig) requireAsked(t *testing.T, c faultCase, run market.Run) {
	t.Helper()
	answered := int(run.Pages)
	if r.up == paprika { // all pages are of one answer
		answered = min(answered, 1)
	}
	if run.Status == failed || run.Status == partial && c.fault.After > 0 {
		answered++
	}
	require.Len(t, r.served(), r.asked+answered+int(run.Retries))
}

// requireRejected checks that the spoilt items are in quarantine, each with its payload, and no other.
func (r *rig) requireRejected(t *testing.T, c faultCase, run market.Run) {
	t.Helper()
	kept := r.rejections(t, run)
	require.Len(t, kept, int(run.Rejected))
	require.Equal(t, c.rejects != "", run.Rejected > 0)
	for _, k := range kept {
		require.Equal(t, c.rejects, k.Reason.Code, k.Reason.Detail)
		require.NotEmpty(t, k.Reason.Detail)
		require.True(t, strings.HasPrefix(string(k.Payload), `{"id":"`+k.ExternalID+`"`), "%s: %s", k.ExternalID, k.Payload)
		require.Contains(t, string(k.Payload), spoiltBy[c.fault.Kind])
	}
	if c.rejects != "" {
		require.Equal(t, max(1, c.fault.Rows)*r.spoiltAnswers(), int(run.Rejected))
	}
}

// spoiltBy is what stands in a row that was spoilt so.
var spoiltBy = map[string]string{
	"nan": ":NaN,", "huge_number": ":1e400,", "negative": `price":-`, "nul": `\u0000"`, "surrogate": `\ud800"`,
	"invalid_utf8": "\xff\"", "future": `"last_updated":"2999-`,
}

// spoiltAnswers counts the answers of the last run that a fault has changed.
func (r *rig) spoiltAnswers() (n int) {
	for _, a := range r.served()[r.asked:] {
		if a.Fault != "" {
			n++
		}
	}
	return n
}
