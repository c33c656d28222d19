package postgres

import (
	"cmp"
	"slices"

	"github.com/kasparro/kasparro/internal/market"
)

// holding is what entitles a group to an asset: listings of it that have it now.
type holding struct {
	group  int
	asset  int64
	strong int // its listings of the asset that give more than a ticker or a name, and are not linked
	home   int // its listings that the asset was made for
	guests int // its listings of the asset that have a home elsewhere
	all    int
}

// claims returns what each group may ask for, the best founded first. A bare ticker or name speaks for its
// asset only where nothing else does, or it would take the asset along to whoever leads its ranking now. Nor
// does a listing that a person has linked: it was to become that asset, and not the other way round.
func (c *catalogue) claims(groups []market.Group, rows []listingRow) []holding {
	var list []holding
	for i, g := range groups {
		first := len(list)
		for _, m := range g.Members {
			row := rows[m.Listing]
			if row.AssetID == 0 {
				continue
			}
			at := slices.IndexFunc(list[first:], func(h holding) bool { return h.asset == row.AssetID })
			if at < 0 {
				at = len(list) - first
				list = append(list, holding{group: i, asset: row.AssetID})
			}
			mine := &list[first+at]
			mine.all++
			switch row.HomeAssetID {
			case row.AssetID:
				mine.home++
			case 0:
			default:
				mine.guests++
			}
			if !m.Match.Method.Weak() && len(row.same) == 0 && row.Symbol != "" && row.Name != "" {
				mine.strong++
			}
		}
	}
	slices.SortFunc(list, func(x, y holding) int {
		return cmp.Or(cmp.Compare(min(y.strong, 1), min(x.strong, 1)), c.settled(y.asset)-c.settled(x.asset), cmp.Compare(y.strong, x.strong),
			cmp.Compare(y.home, x.home), cmp.Compare(y.all, x.all), cmp.Compare(x.asset, y.asset), cmp.Compare(x.group, y.group))
	})
	return list
}

// onlyGuests tells whether all of the listings have a home elsewhere: whom the asset was made for has left
// them, and may come back for it.
func (h *holding) onlyGuests() bool { return h.guests == h.all }

// settled is 1 for an asset that is known by more than a bare ticker or name.
func (c *catalogue) settled(asset int64) int {
	if c.assets[asset].Provisional {
		return 0
	}
	return 1
}
