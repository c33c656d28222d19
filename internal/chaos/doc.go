// Package chaos holds the tests that break things: real processes of the program are killed,
// stopped and cut off from a real PostgreSQL, at a place that is seen and not after a time, and what
// is stored then is held against the ledger of everything that the simulated upstreams have served.
//
//	go test ./internal/chaos -v -chaos.rounds=100 -chaos.seed=1
//
// A seed decides where to break; it is printed, and the same one breaks at the same places again.
package chaos
