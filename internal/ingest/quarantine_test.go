package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coingecko"
)

var longAgo = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func coinAt(id, price string, at time.Time) []byte {
	return fmt.Appendf(nil, `{"id":%q,"symbol":"x","name":"X","current_price":%s,"last_updated":%q}`, id, price, at.Format(time.RFC3339))
}

// pagesOf extracts all.
func pagesOf(t *testing.T, src source.Source) (pages []source.Page, last error) {
	t.Helper()
	for page, err := range src.Extract(t.Context(), `{"of":"another stream"}`) {
		if err != nil {
			return pages, err
		}
		pages = append(pages, page)
	}
	return pages, nil
}

func TestQuarantineIsASourceOfItsOwn(t *testing.T) {
	later := longAgo.Add(time.Hour)
	list := []market.Rejection{
		{ID: 3, Payload: coinAt("a", "1", longAgo), CreatedAt: longAgo}, {ID: 4, Payload: []byte("none"), CreatedAt: longAgo},
		{ID: 7, Payload: coinAt("b", "2", longAgo), CreatedAt: later}, {ID: 9, Payload: coinAt("c", "3", longAgo), CreatedAt: longAgo},
		{ID: 12, Payload: coinAt("d", "4", longAgo), CreatedAt: longAgo},
	}
	var asked []int64
	waiting := func(_ context.Context, after int64) (stretch []market.Rejection, _ error) {
		asked = append(asked, after)
		for _, r := range list {
			if r.ID > after && len(stretch) < 4 {
				stretch = append(stretch, r)
			}
		}
		return stretch, nil
	}
	src := ingest.Quarantined(coingecko.New(coingecko.Options{}), waiting)
	require.Equal(t, "coingecko", src.Name())
	before := time.Now()
	pages, err := pagesOf(t, src)
	require.NoError(t, err)
	require.Equal(t, []int64{0, 9, 12}, asked)
	var got []string
	for _, p := range pages {
		require.Empty(t, p.Next, "the checkpoint of the source stays")
		require.False(t, p.TriedAt.Before(before))
		line := p.FetchedAt.Format(time.TimeOnly)
		for _, item := range p.Items {
			line += fmt.Sprintf(" %d:%s", item.Rejection, item.ExternalID)
		}
		got = append(got, line)
	}
	require.Equal(t, []string{"12:00:00 3:a 4:", "13:00:00 7:b", "12:00:00 9:c", "12:00:00 12:d"}, got)
	require.NotNil(t, pages[0].Items[1].Problem)

	away := errors.New("the database is away")
	_, err = pagesOf(t, ingest.Quarantined(src, func(context.Context, int64) ([]market.Rejection, error) { return nil, away }))
	require.ErrorIs(t, err, away)
}

func TestTriedAgainItemsAreJudgedByTheClockOfNow(t *testing.T) {
	ahead := goodItem("ahead")
	ahead.ObservedAt, ahead.Rejection = longAgo.Add(48*time.Hour), 5
	bad := goodItem("bad")
	bad.Price, bad.Rejection = "", 6
	b := ingest.Normalise("script", source.Page{Items: []source.Item{ahead, bad}, FetchedAt: longAgo, TriedAt: longAgo.Add(72 * time.Hour)})
	require.Equal(t, []int64{5}, b.Resolves)
	require.Equal(t, longAgo, b.FetchedAt)
	require.Len(t, b.Rejections, 1)
	require.EqualValues(t, 6, b.Rejections[0].ID)

	ahead.Rejection = 0
	b = ingest.Normalise("script", source.Page{Items: []source.Item{ahead}, FetchedAt: longAgo})
	require.Empty(t, b.Resolves)
	require.Equal(t, "future_time", b.Rejections[0].Reason.Code)
}

// However many wait, and however bad they are, they are tried to the last, in a run of its own.
func TestQuarantineIsTriedToTheEnd(t *testing.T) {
	db := postgrestest.New(t)
	s := postgres.New(db, identity.Resolve)
	script := &script{[]step{page(1, 3, 2)}}
	first := run(t, t.Context(), s, script.steps...)
	_, err := db.ExecContext(t.Context(), `INSERT INTO rejections (run_id, source_id, external_id, reason, field, detail, payload, payload_hash)
		SELECT run_id, source_id, external_id || n, reason, field, detail, payload, payload_hash
		FROM rejections, generate_series(1, 400) n`)
	require.NoError(t, err)
	r := ingest.Runner{Store: s, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
	waiting := func(ctx context.Context, after int64) ([]market.Rejection, error) {
		return s.WaitingRejections(ctx, "script", after)
	}
	ended, err := r.Run(t.Context(), ingest.Quarantined(script, waiting), ingest.Request{Stream: market.StreamQuarantine, Trigger: market.TriggerManual})
	require.NoError(t, err)
	require.Equal(t, market.RunSucceeded, ended.Status, ended.Error)
	require.Equal(t, market.StreamQuarantine, ended.Stream)
	require.EqualValues(t, 802, ended.Rejected)
	require.Empty(t, ended.CursorAfter)
	n, err := s.CountRejections(t.Context(), market.RejectionFilter{})
	require.NoError(t, err)
	require.EqualValues(t, 802, n, "none is kept twice")
	again, err := s.StartRun(t.Context(), market.RunRequest{Source: "script", Kind: market.KindAPI, Trigger: market.TriggerManual})
	require.NoError(t, err)
	require.Equal(t, first.CursorAfter, again.CursorBefore, "the source goes on where it was")
}
