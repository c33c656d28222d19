package graph

import (
	"context"
	"errors"

	"github.com/kasparro/kasparro/internal/market"
)

// Operator does what an administrator asks for. Sources are given by names that exist. An error
// wraps market.ErrRunning where that is being done already.
type Operator interface {
	// StartRun starts a run, which goes on when ctx ends, and returns it as it was opened.
	StartRun(ctx context.Context, source string) (market.Run, error)
	// RetryRejections tries again what waits in quarantine and returns how much of it has become records.
	RetryRejections(ctx context.Context, source string) (int64, error)

	// LinkListing says that the listing is the asset with the slug. This and the two below return the
	// listing as it is from then on, and ErrNotFound where there is no such listing or no such asset.
	LinkListing(ctx context.Context, key market.ListingKey, slug string) (market.Listing, error)
	// UnlinkListing says that the listing is not the asset that it belongs to.
	UnlinkListing(ctx context.Context, key market.ListingKey) (market.Listing, error)
	// ReleaseListing forgets what has been said of the listing.
	ReleaseListing(ctx context.Context, key market.ListingKey) (market.Listing, error)
}

var (
	errNoKey     = errors.New("a key is needed: send it in the header x-api-key")
	errForbidden = errors.New("this key may read; here an administrator's key is needed: one made with the scope admin, or the one in ADMIN_API_KEY")
)

// admit lets administrators change the named source, if there is one.
func (r *mutationResolver) admit(ctx context.Context, source string) error {
	if err := administers(ctx); err != nil {
		return err
	}
	return r.checkSources(source)
}
