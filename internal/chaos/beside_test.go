package chaos_test

import (
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"
)

// by narrows a moment at which a transaction waits for the test to those of one command.
func (m moment) by(command string) moment {
	m.name += ", in " + command
	m.seen = func(r *rig, _ *program) bool {
		return r.number("SELECT count(*) FROM pg_stat_activity WHERE application_name = ? AND "+isBlocked, "kasparro "+command) > 0
	}
	return m
}

// killBeside is kill for a process of any command. Where other arguments are given, a process with these
// has begun by then and goes on beside it, to its end.
func (r *rig) killBeside(m moment, beside []string, args ...string) bool {
	t := r.t
	t.Helper()
	since := r.now()
	var other *program
	_, came := r.at(m, func(p *program) {
		if beside != nil {
			then := r.now()
			other = r.start(beside...)
			await(t, "the other process", func() bool { return r.sessionsOf(beside[0], then) > 0 || other.ended() })
		}
		p.kill()
	}, args...)
	if other != nil {
		require.Zero(t, other.wait(), "%s\n%s", &other.out, &other.log)
	}
	await(t, "the end of the sessions of the dead", func() bool { return r.sessionsOf(args[0], since) == 0 })
	return came
}

// sessionsOf is how many sessions of a command have begun since then and go on.
func (r *rig) sessionsOf(command, then string) int64 {
	return r.number(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
		AND application_name = ? AND backend_start > ?::timestamptz`, "kasparro "+command, then)
}

// soundWith is sound where these have become records as well, each once, though no answer was theirs.
func (r *rig) soundWith(more map[seen]bool) {
	t := r.t
	t.Helper()
	expected := map[string]bool{}
	for o := range more {
		expected[fmt.Sprintf("stored twice or never served: %v", o)] = true
	}
	require.Empty(t, slices.DeleteFunc(r.problems(), func(problem string) bool {
		is := expected[problem]
		delete(expected, problem) // a second time it is wrong
		return is
	}))
	require.Empty(t, expected, "lost")
}

// differences are a few of the lines that only one of two dumps has.
func differences(want, got []string) (found []string) {
	count := map[string]int{}
	for _, line := range want {
		count[line]++
	}
	for _, line := range got {
		count[line]--
	}
	for line, n := range count {
		if n != 0 && len(found) < 5 {
			found = append(found, fmt.Sprintf("%+d: %s", -n, line))
		}
	}
	return found
}
