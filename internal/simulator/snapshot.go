package simulator

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// snapshot is what both sources say during one tick. It is made once a tick,
// so that an answer asked for again is the same to the byte.
type snapshot struct {
	*market
	at      time.Time // when the tick began
	gecko   func() []sight
	paprika func() []sight
	fault   *Fault // under which it is seen; nil: none
}

// sight is one coin as one source saw it.
type sight struct {
	*coin
	seen        time.Time
	rank        int // 0 is none
	cap, volume float64
	row         []byte // JSON object
	stamp       Stamp
}

func (m *market) snapshot(at time.Time) *snapshot {
	s := &snapshot{market: m, at: at}
	s.gecko = sync.OnceValue(s.lookGecko)
	s.paprika = sync.OnceValue(s.lookPaprika)
	return s
}

// lookGecko lists the coins of CoinGecko by falling market cap.
func (s *snapshot) lookGecko() []sight {
	ranks := s.ranks(byGecko)
	var sights []sight
	for _, c := range s.coins {
		if c.geckoID == "" {
			continue
		}
		g := sight{coin: c, seen: s.geckoSeen(c, s.at)}
		g.cap, g.volume = s.marketCap(c, byGecko, g.seen), s.volume(c, byGecko, g.seen)
		if c.circulating > 0 {
			g.rank = ranks[c]
		}
		g.row = s.geckoRow(c, g.seen, g.rank)
		g.stamp = Stamp{ID: c.geckoID, LastUpdated: millis(g.seen)}
		sights = append(sights, g)
	}
	slices.SortStableFunc(sights, func(a, b sight) int { return cmp.Compare(b.cap, a.cap) })
	return sights
}

// lookPaprika lists the coins of CoinPaprika in the order in which it once
// took them up, which is roughly, but not, by rank.
func (s *snapshot) lookPaprika() []sight {
	ranks := s.ranks(byPaprika)
	var sights []sight
	for _, c := range s.coins {
		if c.paprikaID == "" {
			continue
		}
		p := sight{coin: c, seen: s.paprikaSeen(c, s.at), rank: ranks[c]}
		p.row = s.paprikaRow(c, p.seen, p.rank)
		p.stamp = Stamp{ID: c.paprikaID, LastUpdated: seconds(p.seen)}
		sights = append(sights, p)
	}
	place := func(p sight) float64 { return float64(p.index) * (0.4 + s.trait(p.coin, traitPlace)) }
	slices.SortStableFunc(sights, func(a, b sight) int { return cmp.Compare(place(a), place(b)) })
	return sights
}

// ranks counts from 1 by falling market cap, as of the last count: a list
// sorted by the caps of now need not agree with it.
func (s *snapshot) ranks(v viewer) map[*coin]int {
	counted := floor(s.at, rankEvery)
	caps := make(map[*coin]float64, len(s.coins))
	var order []*coin
	for _, c := range s.coins {
		if (v == byGecko && c.geckoID == "") || (v == byPaprika && c.paprikaID == "") {
			continue
		}
		caps[c] = s.marketCap(c, v, counted)
		order = append(order, c)
	}
	slices.SortStableFunc(order, func(a, b *coin) int { return cmp.Compare(caps[b], caps[a]) })
	ranks := make(map[*coin]int, len(order))
	for i, c := range order {
		ranks[c] = i + 1
	}
	return ranks
}

// find returns the sight whose id it is.
func find(sights []sight, id string) (sight, bool) {
	i := slices.IndexFunc(sights, func(s sight) bool { return s.stamp.ID == id })
	if i < 0 {
		return sight{}, false
	}
	return sights[i], true
}
