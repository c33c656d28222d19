package graph_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
)

const (
	startRun = `mutation ($source: String! = "coingecko") { startEtlRun(source: $source) { id source status trigger finishedAt } }`
	retry    = `mutation ($source: String! = "csv") { retryRejections(source: $source) }`
)

// byHand opens runs, and takes whatever waits in quarantine for good.
type byHand struct{ store *postgres.Store }

func (o byHand) StartRun(ctx context.Context, source string) (market.Run, error) {
	return o.store.StartRun(ctx, market.RunRequest{Source: source, Kind: market.KindAPI, Trigger: market.TriggerManual})
}

func (o byHand) RetryRejections(ctx context.Context, source string) (int64, error) {
	waiting := false
	return o.store.CountRejections(ctx, market.RejectionFilter{Sources: []string{source}, Resolved: &waiting})
}

func (o byHand) LinkListing(ctx context.Context, key market.ListingKey, slug string) (market.Listing, error) {
	return o.store.LinkListing(ctx, key, slug, "administrator")
}

func (o byHand) UnlinkListing(ctx context.Context, key market.ListingKey) (market.Listing, error) {
	return o.store.UnlinkListing(ctx, key, "administrator")
}

func (o byHand) ReleaseListing(ctx context.Context, key market.ListingKey) (market.Listing, error) {
	return o.store.ReleaseListing(ctx, key, "administrator")
}

func TestAnAdministratorStartsARun(t *testing.T) {
	w := newWorld(t)
	w.scope = market.ScopeAdmin
	require.JSONEq(t, `{"startEtlRun": {"id": "run_1", "source": "coingecko", "status": "RUNNING", "trigger": "MANUAL", "finishedAt": null}}`,
		w.json(t, startRun))
	code, message := w.refused(t, startRun)
	require.Equal(t, "BAD_USER_INPUT", code)
	require.Contains(t, message, "a run of this source is going on")
	require.EqualValues(t, 1, dig(t, w.data(t, `{ etlRuns { totalCount } }`), "etlRuns", "totalCount"))
}

func TestAnAdministratorRetriesRejections(t *testing.T) {
	w := newWorld(t)
	w.run(t, "csv", market.Batch{Rejections: []market.Rejection{{Payload: []byte(`{}`), Reason: market.Reason{Code: "c", Detail: "d"}}}}, succeeded)
	w.scope = market.ScopeAdmin
	require.JSONEq(t, `{"retryRejections": 1}`, w.json(t, retry))
}

func TestOnlyAnAdministratorMayChangeAnything(t *testing.T) {
	w := newWorld(t)
	for scope, want := range map[market.Scope]string{"": "UNAUTHENTICATED", market.ScopeRead: "FORBIDDEN", "other": "FORBIDDEN"} {
		w.scope = scope
		for _, mutation := range []string{startRun, retry, link, unlink, release} {
			code, message := w.refused(t, mutation, "source", "no-such-source")
			require.Equal(t, want, code)
			require.Contains(t, message, "key")
		}
	}
	w.scope = market.ScopeAdmin
	for _, mutation := range []string{startRun, retry, link, unlink, release} {
		code, message := w.refused(t, mutation, "source", "binance")
		require.Equal(t, "BAD_USER_INPUT", code)
		require.Contains(t, message, "known are coingecko, coinpaprika, csv")
	}
	require.Zero(t, dig(t, w.data(t, `{ etlRuns { totalCount } }`), "etlRuns", "totalCount"))
	require.Empty(t, w.log.String())
}

func TestAGetChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.scope = market.ScopeAdmin
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		ctx := market.WithScope(t.Context(), market.ScopeAdmin)
		response := httptest.NewRecorder()
		w.ServeHTTP(response, httptest.NewRequestWithContext(ctx, method, "/graphql?query="+url.QueryEscape(startRun), nil))
		require.GreaterOrEqual(t, response.Code, 400, method)
		require.NotContains(t, response.Body.String(), `"data":{`)
	}
	require.Zero(t, dig(t, w.data(t, `{ etlRuns { totalCount } }`), "etlRuns", "totalCount"))
}
