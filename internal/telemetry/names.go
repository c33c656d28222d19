package telemetry

import "sync"

// mostNames is how many names that clients chose themselves are told apart: each costs some series, for as long as the process lives.
const mostNames = 100

// names are the values of a label that strangers may fill: those that are known beforehand, and the first hundred others that are no
// secrets.
type names struct {
	secret func(string) bool

	mu    sync.RWMutex
	known map[string]bool
	left  int
}

func newNames(known []string, secret func(string) bool) *names {
	n := &names{secret: secret, known: map[string]bool{"": true}, left: mostNames}
	for _, name := range known {
		n.known[name] = true
	}
	return n
}

// of is the name, or "other" where it is not to be told, or there are too many already.
func (n *names) of(name string) string {
	n.mu.RLock()
	known, left := n.known[name], n.left
	n.mu.RUnlock()
	if known {
		return name
	}
	if left == 0 || n.secret(name) {
		return "other"
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.known[name] {
		if n.left == 0 {
			return "other"
		}
		n.left--
		n.known[name] = true
	}
	return name
}
