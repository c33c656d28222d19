package ingest

import (
	"math"

	"github.com/kasparro/kasparro/internal/market"
)

const (
	// byChance is how unlikely it must be that a path is left out of so many items for it to be taken for
	// gone. No path is so sure that a few items without it mean anything.
	byChance = 1e-6
	maxShare = 0.999
	// sureShare is the share from which on a path is missed in any stretch of a source. What fewer
	// items have may well be missing in the tail of a list.
	sureShare = 0.99
	// fewItems are too few to tell that a type is no more.
	fewItems = 25
)

// improbable tells that what is this frequent would not be missing from so many items by chance.
func (d *comparison) improbable(f market.Frequency, items int64) bool {
	return (d.whole || f.Share >= sureShare) && chance(f, items) < byChance
}

// chance is how likely it is that none of so many items has what some of others had, where these others
// are all that is known: a few that all had it say little. (Any share is as likely as any other before
// they are counted.)
func chance(f market.Frequency, items int64) float64 {
	n, m := float64(f.Items), float64(items)
	without := n * (1 - min(f.Share, maxShare))
	return math.Exp(logGamma(without+m+1) - logGamma(without+1) + logGamma(n+2) - logGamma(n+m+2))
}

func logGamma(x float64) float64 {
	log, _ := math.Lgamma(x)
	return log
}

// shapeOf is what this run alone says of a path.
func (d *comparison) shapeOf(m sighting) market.PathShape {
	types := map[string]market.Frequency{}
	for i, name := range typeNames {
		switch t := typeSet(1) << i; {
		case m.types&t == 0:
		case t == typeNull || m.valued == 0:
			types[name] = market.Frequency{}
		default:
			types[name] = market.Frequency{Share: float64(m.typed[i]) / float64(m.valued), Items: m.valued}
		}
	}
	return market.PathShape{
		Part: d.part, Path: m.path, Frequency: market.Frequency{Share: m.share, Items: d.items}, Types: types, LastRunID: d.run.ID,
	}
}

// update is what is known of a path after this run. A type that is no more is forgotten, so that it is
// told when it returns: a rare one only where there have been so many items that it cannot be chance.
// Null says nothing about types, and is kept.
func (d *comparison) update(before, now market.PathShape, valued int64) market.PathShape {
	now.FirstRunID = before.FirstRunID
	now.Frequency = d.settle(before.Frequency, now.Frequency)
	for name, f := range before.Types {
		seen, is := now.Types[name]
		switch {
		case is:
			now.Types[name] = d.settle(f, seen)
		case name == typeNull.String() || valued < fewItems || !d.improbable(f, valued):
			now.Types[name] = f
		}
	}
	return now
}

// settle is how frequent something is taken to be. In a run that was not whole it may have been met
// before a change only, or in the tail of a list: such a run lets nothing become less sure. Of history
// there is no whole, and one coin has what another has not: there the last run counts.
func (d *comparison) settle(before, now market.Frequency) market.Frequency {
	if d.whole || d.run.Stream != "" || sureness(now) >= sureness(before) {
		return now
	}
	return before
}

// sureness is a share that is the smaller, the fewer items it is of.
func sureness(f market.Frequency) float64 { return f.Share * float64(f.Items) / float64(f.Items+1) }
