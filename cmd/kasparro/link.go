package main

import (
	"context"

	"github.com/kasparro/kasparro/internal/market"
)

// administrator is who decides over the API, in the log of changes.
const administrator = "administrator"

// LinkListing stores that an administrator says which asset a listing is.
func (o *operator) LinkListing(ctx context.Context, key market.ListingKey, slug string) (market.Listing, error) {
	return o.store.LinkListing(ctx, key, slug, administrator)
}

// UnlinkListing stores that an administrator says which asset a listing is not: the one that it has.
func (o *operator) UnlinkListing(ctx context.Context, key market.ListingKey) (market.Listing, error) {
	return o.store.UnlinkListing(ctx, key, administrator)
}

// ReleaseListing forgets what was said of a listing.
func (o *operator) ReleaseListing(ctx context.Context, key market.ListingKey) (market.Listing, error) {
	return o.store.ReleaseListing(ctx, key, administrator)
}
