package postgres_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// done are the entries of the log, oldest first, without what differs from run to run.
func done(t *testing.T, s *postgres.Store, f market.AuditFilter) []market.AuditEntry {
	t.Helper()
	page, err := s.AuditLog(t.Context(), f, market.Window[int64]{Size: 50})
	require.NoError(t, err)
	n, err := s.CountAuditLog(t.Context(), f)
	require.NoError(t, err)
	require.EqualValues(t, len(page.Items), n)
	list := []market.AuditEntry{}
	for i := range page.Items {
		e := page.Items[len(page.Items)-1-i]
		require.Positive(t, e.ID)
		require.False(t, e.CreatedAt.IsZero())
		list = append(list, market.AuditEntry{Actor: e.Actor, Action: e.Action, Target: e.Target, Detail: e.Detail, RequestID: e.RequestID})
	}
	return list
}

func TestWhatIsDoneWithKeysIsNoted(t *testing.T) {
	s := newStoryOn(postgrestest.New(t))
	s.say(t, "alpha", priced("a", "AAA", "Ada", "10"), priced("b", "BBB", "Bob", "500"))
	s.say(t, "beta", priced("x", "XXX", "Xen", "7"))
	require.Empty(t, done(t, s.Store, market.AuditFilter{}), "what the service does by itself is in its ledger")

	ctx := market.WithRequestID(market.WithActor(t.Context(), ann), "req-1")
	makeKey(t, s.Store, "K", market.ScopeRead, 0)
	for range 2 {
		_, err := s.RevokeKey(ctx, "K")
		require.NoError(t, err)
	}
	beta := market.ListingKey{Source: "beta", ExternalID: "x"}
	for _, decide := range []func() (market.Listing, error){
		func() (market.Listing, error) { return s.LinkListing(ctx, beta, "bob", "administrator") },
		func() (market.Listing, error) { return s.LinkListing(ctx, beta, "no-such-asset", "administrator") },
		func() (market.Listing, error) { return s.UnlinkListing(ctx, beta, "administrator") },
		func() (market.Listing, error) { return s.ReleaseListing(ctx, beta, "administrator") },
	} {
		_, _ = decide() // of one that is refused nothing is noted
	}
	for _, stream := range []string{"", "", market.StreamQuarantine} { // the second is refused: the first goes on
		_, _ = s.StartRun(ctx, market.RunRequest{Source: "alpha", Kind: market.KindAPI, Stream: stream, Trigger: market.TriggerManual})
	}
	noted := func(action market.AuditAction, target, detail string) market.AuditEntry {
		return market.AuditEntry{Actor: ann, Action: action, Target: target, Detail: detail, RequestID: "req-1"}
	}
	require.Equal(t, []market.AuditEntry{
		noted(market.AuditKeyCreated, "key_K", "the key K, scope read, never expires"),
		noted(market.AuditKeyRevoked, "key_K", "the key K, scope read, never expires"),
		noted(market.AuditListingLinked, "listing_3", "beta/x is of asset_2"),
		noted(market.AuditListingUnlinked, "listing_3", "beta/x is of asset_3"),
		noted(market.AuditListingReleased, "listing_3", "beta/x is of asset_3"),
		noted(market.AuditRunStarted, "run_3", "alpha"),
		noted(market.AuditRejectionsRetried, "run_5", "alpha"),
	}, done(t, s.Store, market.AuditFilter{}))
	require.Len(t, done(t, s.Store, market.AuditFilter{Actions: []market.AuditAction{market.AuditKeyRevoked, market.AuditRunStarted}}), 2)
	require.Len(t, done(t, s.Store, market.AuditFilter{Actors: []string{ann.Name, "bob"}}), 7)
	require.Empty(t, done(t, s.Store, market.AuditFilter{Actors: []string{"bob"}}))
}

// What cannot be noted is not done.
func TestNothingIsDoneThatCannotBeNoted(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	makeKey(t, s, "K", market.ScopeRead, 0)
	_, err := db.ExecContext(t.Context(), "ALTER TABLE audit_log ADD CONSTRAINT full_up CHECK (false) NOT VALID")
	require.NoError(t, err)
	ctx := market.WithActor(t.Context(), ann)
	_, err = s.RevokeKey(ctx, "K")
	require.ErrorContains(t, err, "note in the audit log")
	require.Len(t, live(t, s), 1)
	_, err = s.StartRun(ctx, market.RunRequest{Source: "alpha", Kind: market.KindAPI, Trigger: market.TriggerManual})
	require.ErrorContains(t, err, "note in the audit log")
	runs, err := s.CountRuns(context.WithoutCancel(t.Context()), market.RunFilter{})
	require.NoError(t, err)
	require.Zero(t, runs)
}

func TestTheAuditLogIsOnlyAddedTo(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	makeKey(t, s, "K", market.ScopeRead, 0)
	before := done(t, s, market.AuditFilter{})
	require.Len(t, before, 1)
	for _, statement := range []string{
		"UPDATE audit_log SET actor = 'somebody else'", "DELETE FROM audit_log", "TRUNCATE audit_log", "DELETE FROM audit_log WHERE false",
		"INSERT INTO audit_log (id, actor, action, target) VALUES (1, 'x', 'x', 'x') ON CONFLICT (id) DO UPDATE SET actor = 'somebody else'",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		require.ErrorContains(t, err, "audit_log can only be added to", statement)
	}
	require.Equal(t, before, done(t, s, market.AuditFilter{}))
}
