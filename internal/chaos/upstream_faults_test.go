package chaos_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/simulator"
)

// Whatever an upstream answers, a run ends by itself and says why, and the next one makes good for it. The
// short form tries some of each group.
func TestUpstreamMisbehaves(t *testing.T) {
	t.Parallel()
	for _, group := range []struct {
		upstream, name string
		all            []misbehaviour
	}{
		{"coingecko", "waits", waits}, {"coingecko", "refusals", refusals},
		{"coingecko", "lists", lists}, {"coingecko", "rows", rowsOf},
		{"coinpaprika", "all", ofPaprika(waits, refusals, lists, rowsOf)},
	} {
		t.Run(group.upstream+" "+group.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.ingest()
			for _, m := range r.some(group.all) {
				try(t, group.upstream+": "+m.name, func() { r.bear(group.upstream, m) })
			}
		})
	}
}

// some throws the dice for as many as there is time for.
func (r *rig) some(all []misbehaviour) []misbehaviour {
	all = slices.DeleteFunc(slices.Clone(all), func(m misbehaviour) bool { return m.minutes && !long() })
	r.dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(len(all), 1+*rounds/2)]
}

// bear runs a source under a misbehaviour, and then without it. Each run finds prices that have moved.
func (r *rig) bear(upstream string, m misbehaviour) {
	t := r.t
	t.Helper()
	m.fault.Upstream = upstream
	require.NoError(t, r.sim.Advance(time.Minute))
	require.NoError(t, r.sim.Misbehave(m.fault))
	asked := r.asked()
	p := r.start("ingest", upstream, "--json")
	require.Equal(t, m.exit, p.wait(), "%s: %s\n%s", m.name, &p.out, &p.log)
	r.oneWord(p)
	require.Contains(t, faultsOf(r.answers()[asked:]), m.fault.Kind, "%s: the fault has not come about", m.name)
	require.Empty(t, r.crooked())
	r.sim.ClearFaults()
	require.NoError(t, r.sim.Advance(time.Minute))
	r.ingest(upstream)
	r.sound()
}

// oneWord checks that a run of one source ends with one line about it, and with one error or none.
func (r *rig) oneWord(p *program) {
	t := r.t
	t.Helper()
	var report struct{ Error string }
	lines := strings.Split(strings.TrimRight(p.out.String(), "\n"), "\n")
	require.Len(t, lines, 1, "%s", &p.out)
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &report))
	code := p.wait()
	require.Equal(t, code != 0, report.Error != "", "exit code %d: %s", code, report.Error)
	require.NotContains(t, report.Error, "\n")
	var said []string
	for line := range strings.Lines(p.log.String()) {
		if !strings.HasPrefix(line, "{") { // that is the log
			said = append(said, line)
		}
	}
	if code == 1 {
		require.Equal(t, []string{"kasparro: 1 of 1 sources failed\n"}, said)
	} else {
		require.Empty(t, said)
	}
}

func (r *rig) answers() []simulator.Answer {
	_, all := r.sim.Ledger()
	return all
}

func (r *rig) asked() int { return len(r.answers()) }

func faultsOf(answers []simulator.Answer) (kinds []string) {
	for _, a := range answers {
		kinds = append(kinds, a.Fault)
	}
	return kinds
}
