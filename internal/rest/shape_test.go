package rest_test

import (
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

const metaOutline = "{request_id:string api_latency_ms:number "

// full is an observation with every figure that REST shows.
func full() market.Observation {
	o := observe("bitcoin", noon, "64250.120000000000000000000000001")
	rank := int32(1)
	o.Rank = &rank
	o.MarketCapUSD = decimal.NewNullDecimal(decimal.RequireFromString("1234567890123.45"))
	o.Volume24hUSD = decimal.NewNullDecimal(decimal.RequireFromString("0.1"))
	o.PercentChange24h = decimal.NewNullDecimal(decimal.RequireFromString("-1.5"))
	return o
}

func TestDataShape(t *testing.T) {
	store := newStore(t)
	bare := observe("dust", noon.Add(-time.Minute), "4.37e-06")
	ingest(t, store, "coingecko", succeeded, full(), bare)
	h := service(store, io.Discard)

	a := get(t, h, "/data?limit=1")
	require.Equal(t, metaOutline+"data:[{id:string entity_name:string value:number event_timestamp:string source:string "+
		"external_id:string asset:string symbol:string price_usd:string market_cap_usd:string volume_24h_usd:string "+
		"percent_change_24h:string rank:number ingested_at:string}] "+
		"pagination:{page:number limit:number total_records:number total_pages:number next_cursor:string}}", outline(t, a.body))

	body := ok[struct {
		RequestID string `json:"request_id"`
		Data      []map[string]json.RawMessage
	}](t, get(t, h, "/data"))
	require.NotEmpty(t, body.RequestID)
	require.Len(t, body.Data, 2)
	for name, want := range map[string]string{
		"id": `"record_1_1767355200000000"`, "entity_name": `"Bitcoin"`, "value": `64250.120000000000000000000000001`,
		"event_timestamp": `"2026-01-02T12:00:00Z"`, "source": `"coingecko"`, "external_id": `"bitcoin"`, "asset": `"bitcoin"`,
		"symbol": `"BIT"`, "price_usd": `"64250.120000000000000000000000001"`, "market_cap_usd": `"1234567890123.45"`,
		"volume_24h_usd": `"0.1"`, "percent_change_24h": `"-1.5"`, "rank": `1`,
	} {
		require.Equal(t, want, string(body.Data[0][name]), name)
	}
	for name, want := range map[string]string{
		"value": `0.00000437`, "price_usd": `"0.00000437"`, "market_cap_usd": `null`, "volume_24h_usd": `null`,
		"percent_change_24h": `null`, "rank": `null`,
	} {
		require.Equal(t, want, string(body.Data[1][name]), name)
	}
}

func TestRequestIDIsThatOfTheHeader(t *testing.T) {
	a := get(t, service(newStore(t), io.Discard), "/stats")
	body := ok[struct {
		RequestID string `json:"request_id"`
	}](t, a)
	require.Equal(t, a.Header.Get("X-Request-Id"), body.RequestID)
}

func TestStatsShape(t *testing.T) {
	store := newStore(t)
	h := service(store, io.Discard)
	require.Equal(t, metaOutline+"total_records:number last_run_status:string last_run_timestamp:null sources:[] recent_runs:[]}",
		outline(t, get(t, h, "/stats").body))

	ingest(t, store, "csv", market.RunEnd{Status: market.RunFailed, Error: "cannot be read"})
	ingest(t, store, "csv", succeeded, full())
	require.Equal(t, metaOutline+"total_records:number last_run_status:string last_run_timestamp:string "+
		"sources:[{source:string total_records:number records_processed:number total_runs:number succeeded_runs:number "+
		"failed_runs:number last_success_at:string last_failure_at:string last_duration_ms:number average_duration_ms:number}] "+
		"recent_runs:["+runOutline("null", "{page:number}")+"]}", outline(t, get(t, h, "/stats").body))
}

type run struct {
	RunID      string `json:"run_id"`
	Source     string
	Trigger    string
	Status     string
	FinishedAt *time.Time `json:"finished_at"`
	DurationMS *int64     `json:"duration_ms"`
	Extracted  int
	Error      *string
}

func TestStatsFigures(t *testing.T) {
	store := newStore(t)
	for range 11 {
		ingest(t, store, "csv", succeeded, full())
	}
	ingest(t, store, "csv", market.RunEnd{Status: market.RunPartial, Error: "one file has no date"})
	ingest(t, store, "coingecko", succeeded, full(), observe("ethereum", noon, "3000"))
	start(t, store, "coingecko")

	body := ok[struct {
		TotalRecords     int        `json:"total_records"`
		LastRunStatus    string     `json:"last_run_status"`
		LastRunTimestamp *time.Time `json:"last_run_timestamp"`
		Sources          []struct {
			Source           string
			TotalRecords     int `json:"total_records"`
			RecordsProcessed int `json:"records_processed"`
			TotalRuns        int `json:"total_runs"`
			SucceededRuns    int `json:"succeeded_runs"`
			FailedRuns       int `json:"failed_runs"`
		}
		RecentRuns []run `json:"recent_runs"`
	}](t, get(t, service(store, io.Discard), "/stats"))

	require.Equal(t, 3, body.TotalRecords)
	require.Equal(t, "running", body.LastRunStatus)
	require.NotNil(t, body.LastRunTimestamp)
	require.Len(t, body.Sources, 2)
	require.Equal(t, "coingecko", body.Sources[0].Source)
	require.Equal(t, 1, body.Sources[0].TotalRuns, "a run that goes on is not counted")
	csv := body.Sources[1]
	require.Equal(t, []int{1, 11, 12, 11, 1},
		[]int{csv.TotalRecords, csv.RecordsProcessed, csv.TotalRuns, csv.SucceededRuns, csv.FailedRuns})

	require.Len(t, body.RecentRuns, 10)
	going, ended, partial := body.RecentRuns[0], body.RecentRuns[1], body.RecentRuns[2]
	require.Equal(t, "run_14", going.RunID)
	require.Equal(t, "manual", going.Trigger)
	require.Nil(t, going.FinishedAt)
	require.Nil(t, going.DurationMS)
	require.Equal(t, "succeeded", ended.Status)
	require.Equal(t, 2, ended.Extracted)
	require.NotNil(t, ended.DurationMS)
	require.Nil(t, ended.Error)
	require.Equal(t, "partial", partial.Status)
	require.Equal(t, "one file has no date", *partial.Error)
}
