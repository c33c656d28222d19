package simulator

import "time"

const (
	backBy = time.Hour // of the kind backwards
	moveBy = 10        // rows, of the kind moved
)

// under is the snapshot as a fault lets it be seen.
func (s *snapshot) under(f *Fault) *snapshot {
	from := s
	if f.Kind == "backwards" {
		from = s.market.snapshot(s.at.Add(-backBy))
	}
	spoilt := *s
	spoilt.fault = f
	spoilt.gecko = func() []sight { return f.relist(from.gecko()) }
	spoilt.paprika = func() []sight { return f.relist(from.paprika()) }
	return &spoilt
}

// relist leaves coins out of a list or repeats them. The coins left out are
// the same in every answer.
func (f *Fault) relist(sights []sight) []sight {
	copies := func(*coin) int { return 1 }
	switch f.Kind {
	case "half_gone":
		copies = func(c *coin) int { return 1 - c.index%2 }
	case "doubled":
		copies = func(*coin) int { return 2 }
	}
	var listed []sight
	for _, s := range sights {
		for range copies(s.coin) {
			listed = append(listed, s)
		}
	}
	return listed
}

// page is the number-th page of size rows as the fault cuts it; a nil fault
// cuts it as it should be.
func (f *Fault) page(sights []sight, number, size int) []sight {
	switch {
	case f != nil && f.Kind == "endless" && len(sights) > 0:
		from := (number - 1) % len(sights) * size
		full := make([]sight, size)
		for i := range full {
			full[i] = sights[(from+i)%len(sights)]
		}
		return full
	case f != nil && f.Kind == "moved" && number > 1 && number <= len(sights):
		return window(sights, (number-1)*size-moveBy, size)
	}
	return page(sights, number, size)
}
