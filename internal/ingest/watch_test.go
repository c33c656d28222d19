package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/csvfile"
)

// list is a page with all that an API has to say: so many coins at a price.
func list(coins int, price string) step {
	return func(context.Context) (source.Page, error) {
		p := source.Page{First: true, Next: `{"page":1}`, FetchedAt: time.Now(), Bytes: 10}
		for i := range coins {
			p.Items = append(p.Items, source.Item{
				ExternalID: fmt.Sprintf("coin-%d", i), Symbol: "C", ObservedAt: time.Now(), Amounts: source.Amounts{Price: price},
				Payload: fmt.Appendf(nil, `{"id":"coin-%d","price":%s}`, i, price),
			})
		}
		return p, nil
	}
}

func TestARunIsHeldAgainstTheRunsBefore(t *testing.T) {
	s := newStore(t)
	first := run(t, t.Context(), s, list(40, "1"))
	require.True(t, first.Whole)
	require.EqualValues(t, 40, first.Coins)
	require.Nil(t, first.PriceJump)
	require.Empty(t, first.Anomalies)

	second := run(t, t.Context(), s, list(40, "1.001"))
	require.True(t, second.Whole)
	require.InDelta(t, 0.001, *second.PriceJump, 1e-9)
	require.InDelta(t, 0, *second.GoneShare, 0)
	require.Empty(t, second.Anomalies)

	jumped := run(t, t.Context(), s, list(20, "10"))
	require.InDelta(t, 0.5, *jumped.GoneShare, 0)
	require.Len(t, jumped.Anomalies, 3)
	require.Contains(t, jumped.Anomalies[0], "price jump: half of the prices moved by 899.0 %")
	require.Contains(t, jumped.Anomalies[1], "rows: 20, where the median of the runs before is 40")
	require.Contains(t, jumped.Anomalies[2], "coins gone: 50.0 %")

	stored, err := s.RunsByID(t.Context(), []int64{jumped.ID})
	require.NoError(t, err)
	require.Equal(t, jumped, stored[0])
}

// A run that goes on where another was cut off has read a part of the list, and says nothing of the rest;
// one that began anew has read it all.
func TestAResumedRunIsNotWhole(t *testing.T) {
	s := newStore(t)
	require.Equal(t, market.RunSucceeded, run(t, t.Context(), s, list(40, "1")).Status)
	require.Equal(t, market.RunPartial, run(t, t.Context(), s, page(1, 40, 0), fails).Status)
	rest := run(t, t.Context(), s, page(1, 10, 0))
	require.Equal(t, market.RunSucceeded, rest.Status)
	require.False(t, rest.Whole)
	require.Nil(t, rest.GoneShare)
	require.Empty(t, rest.Anomalies)
	require.Equal(t, market.RunPartial, run(t, t.Context(), s, page(1, 40, 0), fails).Status)
	again := run(t, t.Context(), s, list(20, "1"))
	require.True(t, again.Whole)
	require.NotEmpty(t, again.Anomalies)
}

func TestAnEmptyListIsNoSuccess(t *testing.T) {
	empty := run(t, t.Context(), newStore(t), page(1, 0, 0))
	require.Equal(t, market.RunPartial, empty.Status)
	require.Equal(t, "the list is empty, and there are always coins", empty.Error)
	require.Equal(t, []string{"rows: the list is empty, and there are always coins"}, empty.Anomalies)
}

// What a page has cost that could not be stored is told by its run.
func TestARefusedPageHasCostSomething(t *testing.T) {
	refused := run(t, t.Context(), newStore(t), page(1, 2, 0), page(2, 0, 30))
	require.Equal(t, market.RunPartial, refused.Status)
	require.EqualValues(t, 20, refused.BytesFetched)
	require.EqualValues(t, 2, refused.Retries)
	require.EqualValues(t, 2, refused.Extracted, "its items are those that are stored")
}

func TestTimeLeftIsOfThisRun(t *testing.T) {
	first := &ingest.Progress{Counters: market.Counters{Extracted: 100}, Share: 0.7, Elapsed: time.Second}
	so := ingest.Progress{Counters: market.Counters{Extracted: 300}, Share: 0.8, Elapsed: 11 * time.Second, Since: first}
	require.InDelta(t, 20, so.Left().Seconds(), 0.001)
	require.EqualValues(t, 700, so.Total())
	require.Zero(t, first.Left(), "nobody can tell yet")
	require.EqualValues(t, -1, first.Total())
	so.Share = 1
	require.EqualValues(t, 300, so.Total())
}

func TestWarningsOfASourceAreShown(t *testing.T) {
	var lines lockedBuffer
	s := newStore(t)
	r := ingest.Runner{Store: s, Log: slog.New(slog.NewTextHandler(&lines, nil)), Beat: postgres.Beat}
	ended, err := r.Run(t.Context(), &script{[]step{func(ctx context.Context) (source.Page, error) {
		p, err := page(1, 1, 0)(ctx)
		p.Warnings = []string{"prices.csv: Clsoe is taken for close"}
		return p, err
	}}}, ingest.Request{Trigger: market.TriggerManual})
	require.NoError(t, err)
	require.Equal(t, []string{"prices.csv: Clsoe is taken for close"}, ended.Anomalies)
	require.Contains(t, lines.String(), "Clsoe is taken for close")
}

// A long run tells the log how far it has come, and the caller of its beginning.
func TestALongRunShowsItself(t *testing.T) {
	var lines lockedBuffer
	s := newStore(t)
	r := ingest.Runner{Store: s, Log: slog.New(slog.NewTextHandler(&lines, nil)), Beat: time.Millisecond}
	var opened market.Run
	r.OnStart = func(run market.Run) { opened = run }
	upTo := func(n int, share float64) step {
		return func(ctx context.Context) (source.Page, error) {
			p, err := page(n, 1, 0)(ctx)
			p.Share = share
			return p, err
		}
	}
	long := func(ctx context.Context) (source.Page, error) {
		require.Equal(t, market.RunRunning, opened.Status)
		require.Eventually(t, func() bool { return strings.Contains(lines.String(), "extracted=2 ") }, time.Minute, time.Millisecond)
		return page(3, 1, 0)(ctx)
	}
	ended, err := r.Run(t.Context(), &script{[]step{upTo(1, 0.25), upTo(2, 0.5), long}}, ingest.Request{Trigger: market.TriggerManual})
	require.NoError(t, err)
	require.Equal(t, opened.ID, ended.ID)
	require.Regexp(t, `msg="run goes on" run_id=run_1 source=script pages=2 extracted=2 per_second=\d+ elapsed=\S+ percent=50 left=\S+`, lines.String())
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A line that cannot be taken apart is kept in a shape of our own, which is no drift of the file's.
func TestABrokenLineIsNoDrift(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "prices.csv")
	s := newStore(t)
	r := ingest.Runner{Store: s, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
	for _, content := range []string{"Date,Symbol,Close\n2026-01-01,BTC,1\n2026-01-02,BTC,1\n", "Date,Symbol,Close,Volume\n2026-01-03,BTC,1,2\nbroken\n"} {
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		_, err := r.Run(t.Context(), csvfile.New(dir), ingest.Request{Trigger: market.TriggerManual})
		require.NoError(t, err)
	}
	n, err := s.CountRejections(t.Context(), market.RejectionFilter{})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	found, err := s.Drifts(t.Context(), market.DriftFilter{}, market.Window[int64]{Size: 10})
	require.NoError(t, err)
	require.Len(t, found.Items, 1)
	require.Equal(t, "row.Volume", found.Items[0].Path)
	require.Equal(t, "prices.csv", found.Items[0].Part)
}
