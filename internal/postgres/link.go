package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// LinkListing stores that a person, named by, says that the listing is the asset which the slug leads to,
// and resolves all listings again. What was said of the listing before is replaced. It returns the listing
// as it stands then; market.ErrNotFound where there is no such listing or asset, and a *market.InputError
// where the asset has a listing of that source already.
func (s *Store) LinkListing(ctx context.Context, key market.ListingKey, slug, by string) (market.Listing, error) {
	return s.decide(ctx, market.AuditListingLinked, key, by, func(d decision) error {
		members, err := d.living(slug)
		if err != nil {
			return err
		}
		for _, m := range members {
			if m.Source == key.Source {
				return &market.InputError{
					Field: "asset", Given: slug,
					Allowed: fmt.Sprintf("an asset without a listing of %s: this one is %s already, and two listings of one source are never one asset; unlink that first", key.Source, m.key()),
				}
			}
		}
		if len(members) == 0 { // it stands alone and is the asset: what was said of it before is all there is to forget
			return d.forget()
		}
		return d.same(members)
	})
}

// UnlinkListing stores that a person says that the listing is not the asset that it belongs to, as
// LinkListing does. Evidence may then find it another. A *market.InputError says that it stands alone.
func (s *Store) UnlinkListing(ctx context.Context, key market.ListingKey, by string) (market.Listing, error) {
	return s.decide(ctx, market.AuditListingUnlinked, key, by, func(d decision) error {
		members, err := d.membersOf(d.listing.AssetID)
		if err != nil {
			return err
		}
		if len(members) == 0 {
			return &market.InputError{Field: "externalId", Given: key.String(), Allowed: "a listing that shares its asset with others: this one stands alone already"}
		}
		return d.apart(members)
	})
}

// ReleaseListing forgets what people said of the listing, as LinkListing does: evidence decides again. A
// *market.InputError says that all that was said was said of another.
func (s *Store) ReleaseListing(ctx context.Context, key market.ListingKey, by string) (market.Listing, error) {
	return s.decide(ctx, market.AuditListingReleased, key, by, func(d decision) error {
		speakers, err := d.speakers()
		if err != nil {
			return err
		}
		if len(speakers) > 0 {
			return &market.InputError{
				Field: "externalId", Given: key.String(),
				Allowed: "a listing that was itself linked or unlinked: here that was " + strings.Join(speakers, ", "),
			}
		}
		return d.forget()
	})
}

// decide stores a decision about a listing and resolves all listings again, all in one transaction.
func (s *Store) decide(ctx context.Context, action market.AuditAction, key market.ListingKey, by string, store func(decision) error) (market.Listing, error) {
	var decided market.Listing
	err := inTx(ctx, s.db, func(ctx context.Context, tx bun.Tx) error {
		if err := lockAssets(ctx, tx); err != nil {
			return err
		}
		listing, err := listingOf(ctx, tx, key)
		if err != nil {
			return err
		}
		if err := store(decision{ctx: ctx, tx: tx, listing: listing, by: by}); err != nil {
			return err
		}
		if err := s.settleAll(ctx, tx, by); err != nil {
			return err
		}
		if listing, err = listingOf(ctx, tx, key); err != nil {
			return err
		}
		decided = listing.listing()
		if err := auditDecision(ctx, tx, action, decided); err != nil {
			return err
		}
		return noteCommit(ctx, tx, 0, addedNone)
	})
	var wrong *market.InputError
	switch {
	case errors.As(err, &wrong):
		return market.Listing{}, wrong
	case errors.Is(err, market.ErrNotFound):
		return market.Listing{}, err
	}
	if err != nil {
		return market.Listing{}, fmt.Errorf("decide about %s: %w", key, unavailable(err))
	}
	return decided, nil
}

// settleAll resolves all listings again, by request of somebody.
func (s *Store) settleAll(ctx context.Context, tx bun.Tx, by string) error {
	rows, err := loadListings(ctx, tx)
	if err != nil {
		return err
	}
	touched, err := settle(ctx, tx, rows, s.resolve, by)
	if err != nil {
		return err
	}
	return refreshSome(ctx, tx, s.ConsensusAge, touched)
}

func auditDecision(ctx context.Context, tx bun.Tx, action market.AuditAction, l market.Listing) error {
	return audit(ctx, tx, action, market.GlobalID(market.IDListing, l.ID), l.Key().String()+" is of "+market.GlobalID(market.IDAsset, l.AssetID))
}
