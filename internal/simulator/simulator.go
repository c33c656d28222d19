// Package simulator serves the two upstream APIs, CoinGecko v3 and
// CoinPaprika v1, in their exact shapes, from one simulated market of real
// coins whose prices move on a seeded random walk. Told over HTTP, it
// misbehaves as the real ones do. It calls nobody and needs no network.
package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Options say which market is simulated. The zero value is a good one.
type Options struct {
	Seed  int64            // two simulators of one seed and clock answer alike
	Coins int              // the largest so many coins; 0 or more than there are: all
	Now   func() time.Time // the clock; nil: time.Now
	Tick  time.Duration    // how often prices and last_updated move on; 0 or less: a minute
	Keep  int              // how many answers the ledger remembers, the last ones; 0: 200, less: all
}

// Simulator is an http.Handler, safe for concurrent use. CoinGecko is below
// /coingecko/api/v3, CoinPaprika below /coinpaprika/v1, and what steers the
// two below /control.
type Simulator struct {
	market *market
	clock  *clock
	faults *faultQueue
	ledger *ledger
	mux    *http.ServeMux

	mu      sync.Mutex
	current *snapshot
}

// New makes a simulator. It starts nothing and needs no closing.
func New(o Options) *Simulator {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Tick <= 0 {
		o.Tick = time.Minute
	}
	s := &Simulator{
		market: newMarket(o.Seed, o.Coins, o.Tick),
		clock:  &clock{real: o.Now},
		faults: newFaultQueue(),
		ledger: &ledger{counts: map[Count]int{}, keep: cmp.Or(o.Keep, kept)},
		mux:    http.NewServeMux(),
	}
	for _, up := range []upstream{coingecko{}, coinpaprika{}} {
		s.mux.HandleFunc(up.base()+"/", s.serve(up))
	}
	s.mux.HandleFunc("GET /{$}", s.describe)
	s.mux.HandleFunc("GET /readyz", s.describe) // the health check of its container
	s.routeControl()
	return s
}

// ServeHTTP answers for both APIs, the control and the page about them.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// ClearFaults forgets all queued faults and lets held requests go on, as
// before a shutdown that waits for requests in flight.
func (s *Simulator) ClearFaults() { s.faults.clear() }

// Misbehave queues a fault, as POST /control/faults does. Fields left empty take
// the same values as there: Times is 1, for one. The error names the field,
// what was given and what is allowed.
func (s *Simulator) Misbehave(f Fault) error {
	f.Times = cmp.Or(f.Times, 1)
	if err := f.check(); err != nil {
		return err
	}
	s.faults.add(f)
	return nil
}

// Ledger returns how often each endpoint was asked, and every answer that is
// remembered, oldest first, as GET /control/requests does.
func (s *Simulator) Ledger() ([]Count, []Answer) { return s.ledger.read() }

// Advance moves the simulated time on by a positive duration.
func (s *Simulator) Advance(by time.Duration) error { return s.clock.advance(by) }

// snapshot is what the sources say in the tick of now.
func (s *Simulator) snapshot() *snapshot {
	at := floor(s.clock.now(), s.market.tick)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || !s.current.at.Equal(at) {
		s.current = s.market.snapshot(at)
	}
	return s.current
}

const about = `Simulated CoinGecko and CoinPaprika: %d real coins, invented prices.
Simulated time %s, prices move every %s.

CoinGecko, below /coingecko/api/v3
  /ping
  /coins/list
  /coins/markets?vs_currency=usd&per_page=250&page=1&price_change_percentage=1h,24h,7d
  /coins/{id}/market_chart/range?vs_currency=usd&from=UNIX&to=UNIX

CoinPaprika, below /coinpaprika/v1
  /tickers   /tickers/{id}   /coins
  /tickers/{id}/historical?start=DATE&interval=1d

Control
  POST   /control/faults    {"upstream":"coingecko","path":"/coins/markets","kind":"rate_limit","times":3,"retry_after":"2","after":1}
  GET    /control/faults    what is still to come
  DELETE /control/faults    forgets it, and lets held requests go on
  GET    /control/requests  what was asked, and what was served
  GET    /control/clock     the simulated time
  POST   /control/clock     {"advance":"5m"}

Kinds of faults
`

// describe says in plain text what is served.
func (s *Simulator) describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, about, len(s.market.coins), s.clock.now().Format(time.RFC3339), s.market.tick)
	for _, k := range faultKinds {
		_, _ = fmt.Fprintf(w, "  %-18s %s\n", k.name, k.about)
	}
}
