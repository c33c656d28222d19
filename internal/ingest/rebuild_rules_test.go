package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// However the payloads are understood now: what a rebuild makes of them is what a fresh ingestion makes.
func TestNewRulesGiveWhatAFreshIngestionGives(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			old, fresh := newRig(t), newRig(t)
			src := &notes{pages: make([][]string, 8)}
			for i := range src.pages {
				for n := range 10 {
					id := string(rune('a' + random.IntN(4)))
					src.pages[i] = append(src.pages[i], note(id, random.IntN(6)*600, fmt.Sprintf("%d.%02d", i+1, n)))
				}
			}
			old.ingest(src)
			src.rule = newRule(seed)
			fresh.ingest(src)
			done := old.rebuild(src, 1+random.IntN(9))
			require.Positive(t, done.Changed)
			require.Equal(t, fresh.held(), old.held())
			old.requirePayloads()
			require.Len(t, old.lines("SELECT id::text FROM rejections"), int(done.Rejected))
			require.Zero(t, old.rebuild(src, 7).Changed, "and again")
			src.rule = nil
			old.rebuild(src, 5)
			plain := newRig(t)
			plain.ingest(src)
			require.Equal(t, plain.held()["records"], old.held()["records"], "and back")
		})
	}
}

// newRule refuses some payloads, gives some another instant, some another figure and some to another coin.
func newRule(seed uint64) func(*source.Item) {
	return func(i *source.Item) {
		random := rand.New(rand.NewPCG(seed, uint64(len(i.Price))+uint64(i.Price[0])<<8+uint64(i.Price[len(i.Price)-1])<<16))
		switch random.IntN(8) {
		case 0:
			i.Price = "refused"
		case 1:
			i.ObservedAt = dawn.Add(time.Duration(random.IntN(6)*600) * time.Minute)
		case 2:
			i.Price += "7"
		case 3:
			i.ExternalID = string(rune('a' + random.IntN(6)))
			i.Symbol, i.Name = i.ExternalID, "Coin "+i.ExternalID
		}
	}
}

// A payload that is refused now takes its record along, is kept once with the reason, and comes back.
func TestAPayloadThatIsRefusedNow(t *testing.T) {
	r := newRig(t)
	src := &notes{pages: [][]string{{note("a", 0, "1"), note("b", 0, "3")}, {note("a", 0, "2"), note("a", 1500, "4")}}}
	r.ingest(src)
	before := r.held()
	src.rule = func(i *source.Item) {
		if i.Price == "4" || i.Price == "3" || i.Price == "2" {
			i.ObservedAt = time.Time{}
		}
	}
	for range 2 {
		require.EqualValues(t, 3, r.rebuild(src, 2).Rejected)
	}
	now := r.held()
	require.Len(t, now["records"], 1)
	require.Contains(t, now["records"][0], `"price_usd": 1,`, "the payload before it counts again")
	require.Equal(t, now["records"], now["latest"])
	require.Len(t, now["days"], 1)
	require.Equal(t, before["listings"], now["listings"])
	page, err := r.Rejections(t.Context(), market.RejectionFilter{}, market.Window[int64]{Size: 10})
	require.NoError(t, err)
	require.Len(t, page.Items, 3)
	for _, rejection := range page.Items {
		require.Equal(t, "missing_time", rejection.Reason.Code)
		require.Positive(t, rejection.RunID)
		payloads, err := r.RejectedPayloads(t.Context(), []int64{rejection.ID})
		require.NoError(t, err)
		require.Contains(t, []string{"2", "3", "4"}, src.Item(payloads[rejection.ID]).Price)
	}
	src.rule = nil
	r.rebuild(src, 2)
	require.Equal(t, before, r.held())
}

// A record whose payload has been dropped stays what it is, and is the newest again where a later one goes.
func TestRecordsWithoutPayloadsAreLeftAlone(t *testing.T) {
	r := newRig(t)
	src := &notes{pages: [][]string{{note("a", 0, "1"), note("b", 0, "5")}, {note("a", 1, "2")}}}
	r.ingest(src)
	before := r.held()
	r.exec("DELETE FROM raw_records WHERE payload ->> 'price' IN ('1', '5')")
	r.exec("UPDATE records SET rank = 3 WHERE price_usd = 5")
	src.rule = func(i *source.Item) { i.Price = "" }
	done := r.rebuild(src, 1)
	require.EqualValues(t, 1, done.Payloads)
	require.EqualValues(t, 1, done.Changed)
	now := r.held()
	require.Len(t, now["records"], 2)
	require.Contains(t, now["latest"], before["records"][0], "the older one of a")
	require.Equal(t, []string{"1 2"}, now["totals"])
}

// Listings that are lost come back with what their newest payloads call them.
func TestListingsThatAreGoneComeBack(t *testing.T) {
	r := newRig(t)
	src := &notes{pages: [][]string{{note("a", 0, "1"), note("b", 0, "1")}, {note("a", 1, "2")}}}
	r.ingest(src)
	before := r.held()
	r.exec("TRUNCATE records, latest_records, listings, assets, consensus, match_candidates, match_changes, listing_decisions, former_slugs, source_days")
	src.rule = func(i *source.Item) {
		if i.Price == "1" && i.ExternalID == "a" {
			i.Name = "An older name"
		}
	}
	r.rebuild(src, 1)
	require.Equal(t, before, r.held())
}
