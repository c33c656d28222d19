package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// settling is the writing down of what a resolver has decided: the difference to what is stored.
type settling struct {
	tx      bun.Tx
	rows    []listingRow
	result  market.Resolution
	assets  *catalogue
	owners  []*assetRow // of each group
	by      string
	touched map[int64]bool // assets that gain or lose a listing, or are named anew
}

// settle resolves the listings to assets, writes the difference and returns the assets that have
// changed. The caller holds the asset lock, and refreshes their standing once its records are written.
func settle(ctx context.Context, tx bun.Tx, rows []listingRow, resolve market.Resolver, by string) ([]int64, error) {
	noteGone(rows)
	evidence := make([]market.Evidence, len(rows))
	for i := range rows {
		evidence[i] = rows[i].evidence()
	}
	assets, err := loadCatalogue(ctx, tx)
	if err != nil {
		return nil, err
	}
	s := &settling{tx: tx, rows: rows, result: resolve(evidence), assets: assets, by: by, touched: map[int64]bool{}}
	s.owners = assets.assetsOf(s.result.Groups, rows)
	for _, step := range []func(context.Context) error{s.writeAssets, s.writeMatches, s.writeMerges, s.writeCandidates} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	touched := make([]int64, 0, len(s.touched))
	for id := range s.touched {
		touched = append(touched, id)
	}
	slices.Sort(touched)
	return touched, nil
}

// writeAssets adds the new assets, and changes those that are named anew, come back, or are listed by
// other sources than before.
func (s *settling) writeAssets(ctx context.Context) error {
	for i, g := range s.result.Groups {
		s.assets.list(s.owners[i], sourcesOf(g, s.rows))
	}
	if err := s.assets.write(ctx, s.tx); err != nil {
		return err
	}
	for _, list := range [][]*assetRow{s.assets.fresh, s.assets.better} {
		for _, a := range list {
			s.touched[a.ID] = true
		}
	}
	return nil
}

// sourcesOf are the sources of a group, sorted.
func sourcesOf(g market.Group, rows []listingRow) []int16 {
	ids := make([]int16, len(g.Members))
	for i, m := range g.Members {
		ids[i] = rows[m.Listing].SourceID
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// writeMerges retires the assets that have lost all of their listings, and has those that were retired before
// lead to wherever their listings are now.
func (s *settling) writeMerges(ctx context.Context) error {
	var merged []assetRow
	for from, to := range s.heirs() {
		if s.assets.assets[from].MergedInto != to {
			merged = append(merged, assetRow{ID: from, MergedInto: to})
			s.touched[from] = true
		}
	}
	if len(merged) == 0 {
		return nil
	}
	_, err := s.tx.NewUpdate().With("merged", s.tx.NewValues(&merged)).Model((*assetRow)(nil)).TableExpr("merged").
		Set("merged_into = merged.merged_into").Set("sources = '{}'").Where("assets.id = merged.id").Exec(ctx)
	if err != nil {
		return fmt.Errorf("merge assets: %w", err)
	}
	return nil
}

// heirs are what the assets that no group has lead to: the asset of the listing that each was made for, or else
// the one that has now taken most of its listings.
func (s *settling) heirs() map[int64]int64 {
	heirs, takers := map[int64]int64{}, map[int64]map[int64]int{}
	for i, g := range s.result.Groups {
		owner := s.owners[i].ID
		for _, m := range g.Members {
			row := s.rows[m.Listing]
			if home := row.HomeAssetID; home != 0 && !s.assets.taken[home] && !m.Match.Method.Weak() {
				heirs[home] = owner
			}
			if from := row.AssetID; from != 0 && !s.assets.taken[from] {
				if takers[from] == nil {
					takers[from] = map[int64]int{}
				}
				takers[from][owner]++
			}
		}
	}
	for from, counts := range takers {
		if heirs[from] == 0 {
			heirs[from] = most(counts)
		}
	}
	return heirs
}

// most is the key with the highest count, the lowest of several.
func most(counts map[int64]int) (best int64) {
	for id, n := range counts {
		if best == 0 || n > counts[best] || n == counts[best] && id < best {
			best = id
		}
	}
	return best
}
