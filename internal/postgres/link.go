package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// LinkListing stores that a person, named by, says that the listing is the asset which the slug leads to,
// and resolves all listings again. What was said of the listing before is replaced. It returns the listing
// as it stands then; market.ErrNotFound where there is no such listing or asset, and a *market.InputError
// where the asset has a listing of that source already.
func (s *Store) LinkListing(ctx context.Context, key market.ListingKey, slug, by string) (market.Listing, error) {
	return s.decide(ctx, key, by, func(ctx context.Context, tx bun.Tx, listing market.Listing) error {
		var found []int64
		if err := tx.NewRaw(livingAssets, texts([]string{slug})).Scan(ctx, &found); err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("asset %q: %w", slug, market.ErrNotFound)
		}
		members, err := membersOf(ctx, tx, found[0], listing.ID)
		if err != nil {
			return err
		}
		for _, m := range members {
			if m.Source == key.Source {
				return &market.InputError{
					Field: "asset", Given: slug,
					Allowed: fmt.Sprintf("an asset without a listing of %s: this one is %s already, and two listings of one source are never one asset; unlink that first", key.Source, m.Key()),
				}
			}
		}
		if len(members) == 0 { // it stands alone and is the asset: what was said of it before is all there is to forget
			return forget(ctx, tx, listing.ID)
		}
		return say(ctx, tx, listing, members, true, by)
	})
}

// UnlinkListing stores that a person says that the listing is not the asset that it belongs to, as
// LinkListing does. Evidence may then find it another. A *market.InputError says that it stands alone.
func (s *Store) UnlinkListing(ctx context.Context, key market.ListingKey, by string) (market.Listing, error) {
	return s.decide(ctx, key, by, func(ctx context.Context, tx bun.Tx, listing market.Listing) error {
		members, err := membersOf(ctx, tx, listing.AssetID, listing.ID)
		if err != nil {
			return err
		}
		if len(members) == 0 {
			return &market.InputError{Field: "externalId", Given: key.String(), Allowed: "a listing that shares its asset with others: this one stands alone already"}
		}
		return say(ctx, tx, listing, members, false, by)
	})
}

// ReleaseListing forgets what people said of the listing, as LinkListing does: evidence decides again.
func (s *Store) ReleaseListing(ctx context.Context, key market.ListingKey, by string) (market.Listing, error) {
	return s.decide(ctx, key, by, func(ctx context.Context, tx bun.Tx, listing market.Listing) error {
		return forget(ctx, tx, listing.ID)
	})
}

// decide stores a decision about a listing and resolves all listings again, all in one transaction.
func (s *Store) decide(ctx context.Context, key market.ListingKey, by string, store func(context.Context, bun.Tx, market.Listing) error) (market.Listing, error) {
	var listing market.Listing
	err := inTx(ctx, s.db, func(ctx context.Context, tx bun.Tx) error {
		if err := lockAssets(ctx, tx); err != nil {
			return err
		}
		var err error
		if listing, err = listingOf(ctx, tx, key); err != nil {
			return err
		}
		if err := store(ctx, tx, listing); err != nil {
			return err
		}
		rows, err := loadListings(ctx, tx)
		if err != nil {
			return err
		}
		touched, err := settle(ctx, tx, rows, s.resolve, by)
		if err != nil {
			return err
		}
		if err := refreshSome(ctx, tx, s.ConsensusAge, touched); err != nil {
			return err
		}
		listing, err = listingOf(ctx, tx, key)
		return err
	})
	var wrong *market.InputError
	if errors.As(err, &wrong) {
		return market.Listing{}, wrong
	}
	if err != nil {
		return market.Listing{}, fmt.Errorf("decide about %s: %w", key, unavailable(err))
	}
	return listing, nil
}

func listingOf(ctx context.Context, tx bun.Tx, key market.ListingKey) (market.Listing, error) {
	var rows []listingRow
	err := tx.NewRaw(selectListings+"WHERE s.name = ? AND l.external_id = ?", text(key.Source), text(key.ExternalID)).Scan(ctx, &rows)
	if err != nil {
		return market.Listing{}, err
	}
	if len(rows) == 0 {
		return market.Listing{}, fmt.Errorf("listing %s: %w", key, market.ErrNotFound)
	}
	return rows[0].listing(), nil
}

// membersOf are the listings of an asset but for one.
func membersOf(ctx context.Context, tx bun.Tx, asset, but int64) ([]market.Listing, error) {
	var rows []listingRow
	err := tx.NewRaw(selectListings+"WHERE l.asset_id = ? AND l.id <> ? ORDER BY l.id", asset, but).Scan(ctx, &rows)
	members := make([]market.Listing, len(rows))
	for i := range rows {
		members[i] = rows[i].listing()
	}
	return members, err
}

// forget takes back all that was said of a listing.
func forget(ctx context.Context, tx bun.Tx, listing int64) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM listing_decisions WHERE listing_id = ?", listing)
	return err
}

// say replaces what was said of a listing by what is said of it and the members of an asset. Whoever was
// said to be this listing, and is left behind with the asset that it had, was not meant to come along.
func say(ctx context.Context, tx bun.Tx, listing market.Listing, members []market.Listing, same bool, by string) error {
	ids := make([]int64, len(members))
	for i, m := range members {
		ids[i] = m.ID
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM listing_decisions WHERE listing_id = ?0 AND (same OR other_id IN (?1));
		UPDATE listing_decisions SET same = false WHERE other_id = ?0 AND same AND NOT (listing_id IN (?1) AND ?2);
		DELETE FROM listing_decisions WHERE other_id = ?0 AND listing_id IN (?1) AND same <> ?2;
		INSERT INTO listing_decisions (listing_id, other_id, same, decided_by) SELECT ?0, id, ?2, ?3 FROM listings WHERE id IN (?1)`,
		listing.ID, bun.List(ids), same, by)
	if err != nil {
		return fmt.Errorf("store the decision: %w", err)
	}
	return nil
}
