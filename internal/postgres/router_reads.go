package postgres

import (
	"context"
	"encoding/json"

	"github.com/kasparro/kasparro/internal/market"
)

// Version implements market.Reader. Under a view it is that of all that was answered; there is none, and an error, where the
// answers came from two servers.
func (r *Router) Version(ctx context.Context) (int64, error) {
	version, err := r.routeOf(ctx).version(ctx)
	if err == nil && market.ViewOf(ctx) != nil {
		raise(&r.floor, version)
	}
	return version, err
}

// CommitsAfter implements market.Reader. Whoever is told of a commit is not answered from before it.
func (r *Router) CommitsAfter(ctx context.Context, version int64, most int) ([]market.Commit, error) {
	commits, err := ask(ctx, r, func(ctx context.Context, s *Store) ([]market.Commit, error) {
		return s.CommitsAfter(ctx, version, most)
	})
	if len(commits) > 0 {
		raise(&r.floor, commits[len(commits)-1].Version)
	}
	return commits, err
}

// Ping implements market.Reader: while the primary is away, a replica that can answer will do.
func (r *Router) Ping(ctx context.Context) error {
	err := r.primary.store.Ping(ctx)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if other := r.choose(ctx, nil); other != r.primary {
		return other.store.Ping(ctx)
	}
	return err
}

// SourceStates implements market.Reader.
func (r *Router) SourceStates(ctx context.Context) ([]market.SourceState, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) ([]market.SourceState, error) { return s.SourceStates(ctx) })
}

// Assets implements market.Reader.
func (r *Router) Assets(ctx context.Context, f market.AssetFilter, o market.AssetOrder, w market.Window[market.AssetKey]) (market.Page[market.Asset], error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (market.Page[market.Asset], error) { return s.Assets(ctx, f, o, w) })
}

// CountAssets implements market.Reader.
func (r *Router) CountAssets(ctx context.Context, f market.AssetFilter) (int64, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (int64, error) { return s.CountAssets(ctx, f) })
}

// AssetsByID implements market.Reader.
func (r *Router) AssetsByID(ctx context.Context, ids []int64) ([]market.Asset, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) ([]market.Asset, error) { return s.AssetsByID(ctx, ids) })
}

// AssetBySlug implements market.Reader.
func (r *Router) AssetBySlug(ctx context.Context, slug string) (market.Asset, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (market.Asset, error) { return s.AssetBySlug(ctx, slug) })
}

// ListingsOf implements market.Reader.
func (r *Router) ListingsOf(ctx context.Context, assetIDs []int64) ([]market.Listing, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) ([]market.Listing, error) { return s.ListingsOf(ctx, assetIDs) })
}

// ListingsByID implements market.Reader.
func (r *Router) ListingsByID(ctx context.Context, ids []int64) ([]market.Listing, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) ([]market.Listing, error) { return s.ListingsByID(ctx, ids) })
}

// MatchCandidates implements market.Reader.
func (r *Router) MatchCandidates(ctx context.Context, f market.CandidateFilter, w market.Window[market.CandidateKey]) (market.Page[market.MatchCandidate], error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (market.Page[market.MatchCandidate], error) {
		return s.MatchCandidates(ctx, f, w)
	})
}

// CountMatchCandidates implements market.Reader.
func (r *Router) CountMatchCandidates(ctx context.Context, f market.CandidateFilter) (int64, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (int64, error) { return s.CountMatchCandidates(ctx, f) })
}

// MatchChanges implements market.Reader.
func (r *Router) MatchChanges(ctx context.Context, f market.ChangeFilter, w market.Window[int64]) (market.Page[market.MatchChange], error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (market.Page[market.MatchChange], error) {
		return s.MatchChanges(ctx, f, w)
	})
}

// CountMatchChanges implements market.Reader.
func (r *Router) CountMatchChanges(ctx context.Context, f market.ChangeFilter) (int64, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (int64, error) { return s.CountMatchChanges(ctx, f) })
}

// Records implements market.Reader.
func (r *Router) Records(ctx context.Context, f market.RecordFilter, o market.RecordOrder, w market.Window[market.RecordKey]) (market.Page[market.Record], error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (market.Page[market.Record], error) {
		return s.Records(ctx, f, o, w)
	})
}

// CountRecords implements market.Reader.
func (r *Router) CountRecords(ctx context.Context, f market.RecordFilter) (int64, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (int64, error) { return s.CountRecords(ctx, f) })
}

// RecordsOf implements market.Reader.
func (r *Router) RecordsOf(ctx context.Context, assetIDs []int64, f market.RecordFilter, w market.Window[market.RecordKey]) (map[int64]market.Page[market.Record], error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (map[int64]market.Page[market.Record], error) {
		return s.RecordsOf(ctx, assetIDs, f, w)
	})
}

// CountRecordsOf implements market.Reader.
func (r *Router) CountRecordsOf(ctx context.Context, assetIDs []int64, f market.RecordFilter) (map[int64]int64, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (map[int64]int64, error) {
		return s.CountRecordsOf(ctx, assetIDs, f)
	})
}

// RecordsByKey implements market.Reader.
func (r *Router) RecordsByKey(ctx context.Context, keys []market.RecordKey) ([]market.Record, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) ([]market.Record, error) { return s.RecordsByKey(ctx, keys) })
}

// Latest implements market.Reader.
func (r *Router) Latest(ctx context.Context, assetIDs []int64, source string) ([]market.Record, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) ([]market.Record, error) { return s.Latest(ctx, assetIDs, source) })
}

// Payloads implements market.Reader.
func (r *Router) Payloads(ctx context.Context, records []market.Record) (map[int64]json.RawMessage, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (map[int64]json.RawMessage, error) {
		return s.Payloads(ctx, records)
	})
}

// Runs implements market.Reader.
func (r *Router) Runs(ctx context.Context, f market.RunFilter, w market.Window[int64]) (market.Page[market.Run], error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (market.Page[market.Run], error) { return s.Runs(ctx, f, w) })
}

// CountRuns implements market.Reader.
func (r *Router) CountRuns(ctx context.Context, f market.RunFilter) (int64, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (int64, error) { return s.CountRuns(ctx, f) })
}

// RunsByID implements market.Reader.
func (r *Router) RunsByID(ctx context.Context, ids []int64) ([]market.Run, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) ([]market.Run, error) { return s.RunsByID(ctx, ids) })
}

// Rejections implements market.Reader.
func (r *Router) Rejections(ctx context.Context, f market.RejectionFilter, w market.Window[int64]) (market.Page[market.Rejection], error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (market.Page[market.Rejection], error) {
		return s.Rejections(ctx, f, w)
	})
}

// RejectedPayloads implements market.Reader.
func (r *Router) RejectedPayloads(ctx context.Context, ids []int64) (map[int64][]byte, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (map[int64][]byte, error) { return s.RejectedPayloads(ctx, ids) })
}

// CountRejections implements market.Reader.
func (r *Router) CountRejections(ctx context.Context, f market.RejectionFilter) (int64, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (int64, error) { return s.CountRejections(ctx, f) })
}

// Drifts implements market.Reader.
func (r *Router) Drifts(ctx context.Context, f market.DriftFilter, w market.Window[int64]) (market.Page[market.Drift], error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (market.Page[market.Drift], error) { return s.Drifts(ctx, f, w) })
}

// CountDrifts implements market.Reader.
func (r *Router) CountDrifts(ctx context.Context, f market.DriftFilter) (int64, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) (int64, error) { return s.CountDrifts(ctx, f) })
}

// DriftsOf implements market.Reader.
func (r *Router) DriftsOf(ctx context.Context, runIDs []int64, most int) ([]market.Drift, error) {
	return ask(ctx, r, func(ctx context.Context, s *Store) ([]market.Drift, error) { return s.DriftsOf(ctx, runIDs, most) })
}
