package ingest_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/simulator"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coingecko"
	"github.com/kasparro/kasparro/internal/source/coinpaprika"
	"github.com/kasparro/kasparro/internal/source/csvfile"
	"github.com/kasparro/kasparro/internal/upstream"
)

// simulated are the sources over a simulated market, and a way to let its time pass.
func simulated(t *testing.T) (sources []source.Source, pass func(time.Duration)) {
	now := time.Now().Add(-time.Hour)
	sim := httptest.NewServer(simulator.New(simulator.Options{Coins: 40, Now: func() time.Time { return now }}))
	t.Cleanup(sim.Close)
	return []source.Source{
		coingecko.New(coingecko.Options{BaseURL: sim.URL + "/coingecko/api/v3", Pages: 2, PageSize: 30, Client: upstream.New(upstream.Options{})}),
		coinpaprika.New(coinpaprika.Options{BaseURL: sim.URL + "/coinpaprika/v1", Client: upstream.New(upstream.Options{})}),
		csvfile.New(""),
	}, func(d time.Duration) { now = now.Add(d) }
}

func TestRecordsThatAreGoneComeBack(t *testing.T) {
	r := newRig(t)
	sources, pass := simulated(t)
	for range 3 {
		for _, src := range sources {
			r.ingest(src)
		}
		pass(2 * time.Minute)
	}
	before := r.held()
	raws := r.lines("SELECT to_jsonb(r)::text FROM raw_records r ORDER BY 1")
	exact := "SELECT (to_jsonb(r) - 'ingested_at')::text FROM records r ORDER BY 1"
	records := r.lines(exact)
	r.exec("TRUNCATE records, latest_records")
	for _, src := range sources {
		r.rebuild(src, 70)
	}
	require.Equal(t, before, r.held())
	require.Equal(t, records, r.lines(exact), "payload and run are those that they were")
	require.Equal(t, raws, r.lines("SELECT to_jsonb(r)::text FROM raw_records r ORDER BY 1"))
	require.Empty(t, r.lines("SELECT id::text FROM rejections"))

	rows := r.rows()
	for _, src := range sources {
		done := r.rebuild(src, 70)
		require.Zero(t, done.Changed, src.Name())
		require.Positive(t, done.Payloads, src.Name())
	}
	require.Equal(t, rows, r.rows(), "what is right is left alone")
}

func TestFiguresThatAreWrongAreMended(t *testing.T) {
	r := newRig(t)
	src := &notes{pages: [][]string{{note("a", 0, "1.50"), note("b", 0, "2")}, {note("a", 1, "1.6"), note("b", 1, "2.1")}}}
	r.ingest(src)
	before, rows := r.held(), r.rows()
	r.exec(`UPDATE records r SET price_usd = 99, max_supply = 1 FROM listings l
		WHERE l.id = r.listing_id AND l.external_id = 'a' AND observed_at = ?`, dawn)
	r.exec(`UPDATE latest_records SET open_usd = 7 FROM listings l WHERE l.id = listing_id AND l.external_id = 'b'`)
	r.exec(`UPDATE source_totals SET record_count = 1000; UPDATE source_days SET record_count = -4;
		INSERT INTO source_days SELECT id, '2020-01-01', 5 FROM sources`)
	r.exec("UPDATE listings SET name = 'Wrong' WHERE external_id = 'b'; UPDATE assets SET rank = 12")

	done := r.rebuild(src, 3)
	require.EqualValues(t, 4, done.Payloads)
	require.EqualValues(t, 1, done.Changed)
	require.Equal(t, before, r.held())
	same := 0
	for _, row := range r.rows() {
		for _, was := range rows {
			if row == was {
				same++
			}
		}
	}
	require.Equal(t, len(rows)-1, same, "all but the record mended keep even the moment when they were stored")
}

func TestARebuildThatIsStoppedGoesOn(t *testing.T) {
	r := newRig(t)
	src := &notes{pages: make([][]string, 5)}
	for i := range src.pages {
		for _, id := range []string{"a", "b", "c"} {
			src.pages[i] = append(src.pages[i], note(id, i/2, fmt.Sprint(i+1)))
		}
	}
	r.ingest(src)
	before := r.held()
	r.exec("TRUNCATE records, latest_records, source_days")
	calls, payloads := 0, int64(-1)
	for finished := false; !finished; calls++ {
		ctx, stop := context.WithCancel(t.Context())
		rebuilder := r.rebuilder(2)
		rebuilder.OnBatch = func(at market.Rebuild) {
			if at.Payloads > payloads && payloads >= 0 {
				stop()
			}
			payloads = at.Payloads
		}
		done, err := rebuilder.Rebuild(ctx, src)
		require.NoError(t, err)
		require.Equal(t, payloads, done.Payloads)
		finished = done.FinishedAt != nil
		stop()
	}
	require.Equal(t, 9, calls, "eight batches, each stopped behind, and the end")
	require.EqualValues(t, 15, payloads)
	require.Equal(t, before, r.held())
	require.EqualValues(t, 15, r.rebuild(src, 2).Payloads, "a finished rebuild starts anew")
}

// A live run stores a later payload of an instant while the rebuild is between two batches, and another while
// it judges a batch that it has read.
func TestALaterPayloadWins(t *testing.T) {
	r := newRig(t)
	src := &notes{pages: [][]string{{note("a", 0, "1"), note("b", 0, "1"), note("c", 0, "1"), note("d", 0, "1")}}}
	r.ingest(src)
	r.exec("UPDATE records SET price_usd = 5")
	live := &notes{pages: [][]string{{note("d", 0, "10"), note("a", 0, "10"), note("a", 1, "11")}}}
	later := &notes{pages: [][]string{{note("b", 0, "20"), note("b", 3, "21")}}}
	rebuilder := r.rebuilder(1)
	rebuilder.OnBatch = func(at market.Rebuild) {
		if at.Payloads == 1 {
			r.ingest(live)
		}
	}
	judging := &notes{rule: func(i *source.Item) {
		if i.ExternalID == "b" {
			r.ingest(later)
			later.pages = nil
		}
	}}
	done, err := rebuilder.Rebuild(t.Context(), judging)
	require.NoError(t, err)
	require.NotNil(t, done.FinishedAt)

	fresh := newRig(t)
	for _, s := range []*notes{src, live, {pages: [][]string{{note("b", 0, "20"), note("b", 3, "21")}}}} {
		fresh.ingest(s)
	}
	require.Equal(t, fresh.held(), r.held())
}

func TestOfTwoRebuildsOneRefuses(t *testing.T) {
	r := newRig(t)
	src := &notes{pages: [][]string{{note("a", 0, "1"), note("b", 0, "1"), note("c", 0, "1")}}}
	r.ingest(src)
	before := r.held()
	r.exec("TRUNCATE records, latest_records")
	ctx, stop := context.WithCancel(t.Context())
	first, second := r.rebuilder(1), r.rebuilder(1)
	second.OnBatch = func(at market.Rebuild) { // it goes on where the first stands, for one batch
		if at.Payloads == 2 {
			stop()
		}
	}
	first.OnBatch = func(at market.Rebuild) {
		if at.Payloads == 1 {
			_, err := second.Rebuild(ctx, src)
			require.NoError(t, err)
		}
	}
	_, err := first.Rebuild(t.Context(), src)
	require.ErrorIs(t, err, market.ErrRebuilding)
	require.EqualError(t, err, "rebuild of notes: commit rebuild of notes: another rebuild of this source is going on")
	done := r.rebuild(src, 1)
	require.EqualValues(t, 3, done.Payloads)
	require.EqualValues(t, 3, done.Changed)
	require.Equal(t, before, r.held())
}
