package main

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/Khan/genqlient/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kasparro/kasparro/internal/market"
)

//go:generate go tool genqlient testdata/typed/genqlient.yaml

// keyed sends a key with every request.
type keyed string

func (k keyed) Do(r *http.Request) (*http.Response, error) {
	r.Header.Set("X-Api-Key", string(k))
	return http.DefaultClient.Do(r)
}

// The functions that ask are generated from the schema, types of Go for those of GraphQL.
func TestATypedClientInGo(t *testing.T) {
	t.Parallel()
	s := serveCoins(t, 60)
	reader := graphql.NewClient(s.base+"/graphql", keyed(testKey))
	records := s.pageTyped(reader)

	node, err := typedNode(t.Context(), reader, records[0].Id)
	require.NoError(t, err)
	record := (*node.Node).(*typedNodeNodeRecord)
	require.Equal(t, records[0], record.typedRecord, "rows of a page are written in another way")
	require.Contains(t, string(*record.Raw), `"current_price"`)
	node, err = typedNode(t.Context(), reader, market.GlobalID(market.IDRun, 1))
	require.NoError(t, err)
	require.IsType(t, &typedNodeNodeEtlRun{}, *node.Node)

	_, err = typedStart(t.Context(), reader, "csv")
	var errs gqlerror.List
	require.ErrorAs(t, err, &errs)
	require.Equal(t, "FORBIDDEN", errs[0].Extensions["code"])
	before := time.Now().Add(-time.Second)
	started, err := typedStart(t.Context(), graphql.NewClient(s.base+"/graphql", keyed(testAdminKey)), "csv")
	require.NoError(t, err)
	run := started.StartEtlRun
	require.Equal(t, RunStatusRunning, run.Status)
	require.Nil(t, run.FinishedAt)
	require.WithinRange(t, run.StartedAt, before, time.Now().Add(time.Second))
	require.Equal(t, "SUCCEEDED", s.awaitRun(run.Id)["status"])
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr.String())
}

// pageTyped reads all records of CoinGecko and holds their figures against the database.
func (s *apiOnly) pageTyped(reader graphql.Client) (all []typedRecord) {
	t := s.t
	t.Helper()
	size, source := 25, RecordFilter{Source: []string{gecko}}
	for after := (*string)(nil); ; {
		page, err := typedRecords(t.Context(), reader, &size, after, &source)
		require.NoError(t, err)
		for _, node := range page.Records.Nodes {
			all = append(all, node.typedRecord)
		}
		if after = page.Records.PageInfo.EndCursor; !page.Records.PageInfo.HasNextPage {
			require.Len(t, all, page.Records.TotalCount)
			break
		}
	}
	var stored []typedRow
	require.NoError(t, s.db.NewRaw(`SELECT observed_at, trim_scale(price_usd)::text AS price, trim_scale(market_cap_usd)::text AS cap, r.rank, a.slug
		FROM records r JOIN listings l ON l.id = r.listing_id JOIN assets a ON a.id = l.asset_id JOIN sources s ON s.id = r.source_id
		WHERE s.name = ? ORDER BY observed_at, r.listing_id`, gecko).Scan(t.Context(), &stored))
	require.Len(t, all, len(stored))
	for i, r := range all {
		stored[i].ObservedAt = stored[i].ObservedAt.UTC()
		require.Equal(t, stored[i], typedRow{r.ObservedAt, r.PriceUsd, r.MarketCapUsd, r.Rank, r.Asset.Slug})
	}
	return all
}

// typedRow is a record as the database has it.
type typedRow struct {
	ObservedAt time.Time
	Price      string
	Cap        *string
	Rank       *int
	Slug       string
}
