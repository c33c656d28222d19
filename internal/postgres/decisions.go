package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// decision is what a person says of a listing, while it is being stored. The assets are locked.
type decision struct {
	ctx     context.Context //nolint:containedctx // of one call
	tx      bun.Tx
	listing listingRow
	by      string
}

func listingOf(ctx context.Context, tx bun.Tx, key market.ListingKey) (listingRow, error) {
	var rows []listingRow
	err := tx.NewRaw(selectListings+"WHERE s.name = ? AND l.external_id = ?", text(key.Source), text(key.ExternalID)).Scan(ctx, &rows)
	if err != nil {
		return listingRow{}, err
	}
	if len(rows) == 0 {
		return listingRow{}, fmt.Errorf("listing %s: %w", key, market.ErrNotFound)
	}
	return rows[0], nil
}

// living are the members of the asset that a slug leads to, but for the listing itself.
func (d decision) living(slug string) ([]listingRow, error) {
	var found []int64
	if err := d.tx.NewRaw(livingAssets, texts([]string{slug})).Scan(d.ctx, &found); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("asset %q: %w", slug, market.ErrNotFound)
	}
	return d.membersOf(found[0])
}

// membersOf are the listings of an asset but for the listing itself.
func (d decision) membersOf(asset int64) (rows []listingRow, err error) {
	err = d.tx.NewRaw(selectListings+"WHERE l.asset_id = ? AND l.id <> ? ORDER BY l.id", asset, d.listing.ID).Scan(d.ctx, &rows)
	return rows, err
}

// speakers are the listings of which something was said about this one, where nothing was said of it.
func (d decision) speakers() (keys []string, err error) {
	err = d.tx.NewRaw(`SELECT s.name || '/' || l.external_id FROM listing_decisions x
		JOIN listings l ON l.id = x.listing_id JOIN sources s ON s.id = l.source_id
		WHERE x.other_id = ?0 AND NOT EXISTS (SELECT FROM listing_decisions WHERE listing_id = ?0) ORDER BY 1`, d.listing.ID).Scan(d.ctx, &keys)
	return keys, err
}

// forget takes back all that was said of the listing.
func (d decision) forget() error {
	_, err := d.tx.ExecContext(d.ctx, "DELETE FROM listing_decisions WHERE listing_id = ?", d.listing.ID)
	return err
}

// same stores that the listing is what the members of an asset are: it is tied to the one that stands for
// them. What was said of it before is replaced, but for what it is not.
func (d decision) same(members []listingRow) error {
	ids := idsOf(members)
	_, err := d.tx.ExecContext(d.ctx, `DELETE FROM listing_decisions WHERE listing_id = ?0 AND (same OR other_id IN (?1));
		DELETE FROM listing_decisions WHERE other_id = ?0 AND listing_id IN (?1) AND NOT same`, d.listing.ID, bun.List(ids))
	if err != nil {
		return fmt.Errorf("replace decisions: %w", err)
	}
	if err := d.leave(ids); err != nil {
		return err
	}
	return d.say(d.listing.ID, anchor(members), true)
}

// apart stores that the listing is none of the members of its asset.
func (d decision) apart(members []listingRow) error {
	if _, err := d.tx.ExecContext(d.ctx, "DELETE FROM listing_decisions WHERE listing_id = ? AND same", d.listing.ID); err != nil {
		return fmt.Errorf("replace decisions: %w", err)
	}
	if err := d.leave(nil); err != nil {
		return err
	}
	for _, m := range members {
		if err := d.say(d.listing.ID, m.ID, false); err != nil {
			return err
		}
	}
	return nil
}

// leave parts those who were tied to the listing from it, unless they are among the ids: they were said to be
// the asset that it leaves, and are tied to whoever else stands for that.
func (d decision) leave(but []int64) error {
	var followers []int64
	err := d.tx.NewRaw("SELECT listing_id FROM listing_decisions WHERE other_id = ? AND same ORDER BY 1", d.listing.ID).Scan(d.ctx, &followers)
	if err != nil {
		return err
	}
	left, err := d.membersOf(d.listing.AssetID)
	if err != nil {
		return err
	}
	for _, f := range followers {
		if slices.Contains(but, f) {
			continue
		}
		if err := d.say(f, d.listing.ID, false); err != nil {
			return err
		}
		others := slices.DeleteFunc(slices.Clone(left), func(l listingRow) bool { return l.ID == f })
		if len(others) > 0 {
			if err := d.say(f, anchor(others), true); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d decision) say(listing, other int64, same bool) error {
	_, err := d.tx.ExecContext(d.ctx, `INSERT INTO listing_decisions (listing_id, other_id, same, decided_by) VALUES (?, ?, ?, ?)
		ON CONFLICT (listing_id, other_id) DO UPDATE SET same = excluded.same, decided_at = now(), decided_by = excluded.decided_by`,
		listing, other, same, d.by)
	if err != nil {
		return fmt.Errorf("store the decision: %w", err)
	}
	return nil
}

// anchor is the listing that stands for an asset: one that gives more than a ticker or a name, the one that the
// asset was made for, the one with the best evidence.
func anchor(members []listingRow) int64 {
	number := func(is bool) int {
		if is {
			return 1
		}
		return 0
	}
	return slices.MinFunc(members, func(a, b listingRow) int {
		return cmp.Or(number(market.MatchMethod(a.Method).Weak())-number(market.MatchMethod(b.Method).Weak()),
			number(a.HomeAssetID != a.AssetID)-number(b.HomeAssetID != b.AssetID),
			cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.ID, b.ID))
	}).ID
}

func idsOf(rows []listingRow) []int64 {
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids
}
