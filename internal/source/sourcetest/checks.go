package sourcetest

import (
	"context"
	"encoding/json"
	"reflect"
	"regexp"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

func introducesItself(t *testing.T, c Case) {
	s := c.New(t)
	require.Equal(t, c.Name, s.Name())
	require.Regexp(t, nameForm, s.Name())
	require.Equal(t, c.Kind, s.Kind())
	require.Contains(t, []string{market.KindAPI, market.KindFile}, s.Kind())
}

func yieldsWholePages(t *testing.T, c Case, pages []source.Page) {
	require.Len(t, items(pages), c.Items)
	require.Len(t, pages, c.Pages)
	var fetched int64
	for i, page := range pages {
		require.True(t, json.Valid([]byte(page.Next)), "page %d: its cursor %q is no JSON", i, page.Next)
		require.False(t, page.FetchedAt.IsZero(), "page %d: FetchedAt is missing", i)
		require.Equal(t, time.UTC, page.FetchedAt.Location(), "page %d: FetchedAt is not UTC", i)
		require.GreaterOrEqual(t, page.Bytes, int64(0))
		require.GreaterOrEqual(t, page.Retries, int64(0))
		require.Equal(t, c.Repeats && i == 0, page.First, "page %d: First", i)
		fetched += page.Bytes
	}
	require.Positive(t, fetched, "no page says how many bytes were fetched")
}

func yieldsReadableItems(t *testing.T, pages []source.Page) {
	for i, item := range items(pages) {
		require.NotEmpty(t, item.Payload, "item %d has no payload", i)
		require.Equal(t, time.UTC, item.ObservedAt.Location(), "item %d: ObservedAt is not UTC", i)
		for name, text := range amounts(item.Amounts) {
			if text != "" {
				_, err := decimal.NewFromString(text)
				require.NoError(t, err, "item %d: %s", i, name)
			}
		}
		if item.Problem != nil {
			require.NotEmpty(t, item.Problem.Code, "item %d: a problem without a code", i)
			require.NotEmpty(t, item.Problem.Detail, "item %d: a problem without a detail", i)
			continue
		}
		require.True(t, json.Valid(item.Payload), "item %d: its payload is no JSON: %s", i, item.Payload)
		require.NotEmpty(t, item.ExternalID, "item %d has no id and no problem", i)
		require.False(t, item.ObservedAt.IsZero(), "item %d has no time and no problem", i)
	}
}

// amounts returns every figure by the name of its field.
func amounts(a source.Amounts) map[string]string {
	all := map[string]string{}
	v := reflect.ValueOf(a)
	for i := range v.NumField() {
		all[v.Type().Field(i).Name] = v.Field(i).String()
	}
	return all
}

func keepsNoState(t *testing.T, c Case, pages []source.Page) {
	s := c.New(t)
	sameItems(t, pages, extract(t, s, ""), "first call")
	sameItems(t, pages, extract(t, s, ""), "second call on the same source")
}

func givesItsSlicesAway(t *testing.T, c Case, pages []source.Page) {
	var kept []source.Page
	for page, err := range c.New(t).Extract(t.Context(), "") {
		require.NoError(t, err)
		own := page
		own.Items = append([]source.Item(nil), page.Items...)
		for i := range page.Items {
			own.Items[i].Payload = append([]byte(nil), page.Items[i].Payload...)
			clear(page.Items[i].Payload)
		}
		clear(page.Items)
		kept = append(kept, own)
	}
	sameItems(t, pages, kept, "after the consumer overwrote what it was given")
}

func resumes(t *testing.T, c Case, pages []source.Page) {
	for i, page := range pages[:len(pages)-1] {
		rest := extract(t, c.New(t), page.Next)
		sameItems(t, pages[i+1:], rest, "resumed from "+string(page.Next))
		require.NotEmpty(t, rest, "nothing came behind page %d, and so no last cursor", i)
		require.Equal(t, pages[len(pages)-1].Next, rest[len(rest)-1].Next, "the end is another one")
	}
}

func goesOn(t *testing.T, c Case, pages []source.Page) {
	want := pages[:0]
	if c.Repeats {
		want = pages
	}
	last := pages[len(pages)-1].Next
	again := extract(t, c.New(t), last)
	sameItems(t, want, again, "from "+string(last))
	if len(again) > 0 {
		require.Equal(t, last, again[len(again)-1].Next, "an unchanged upstream moved the cursor")
	}
}

func beginsAnew(t *testing.T, c Case, pages []source.Page) {
	for _, cursor := range []market.Cursor{"{}", "null", `{"of":"another source"}`, `[1]`, "no JSON at all"} {
		sameItems(t, pages, extract(t, c.New(t), cursor), "from "+string(cursor))
	}
}

func stopsWithConsumer(t *testing.T, c Case) {
	seen := 0
	for _, err := range c.New(t).Extract(t.Context(), "") {
		require.NoError(t, err)
		seen++
		break // a source that went on would panic here
	}
	require.Equal(t, 1, seen)
}

func stopsWithContext(t *testing.T, c Case, pages []source.Page) {
	for after := range len(pages) { // cancelled before the first page, then behind each but the last
		ctx, cancel := context.WithCancel(t.Context())
		left := after
		stop := func() {
			if left--; left == 0 {
				cancel()
			}
		}
		if after == 0 {
			cancel()
		}
		got, err := failure(ctx, t, c.New(t), stop)
		cancel()
		require.ErrorIs(t, err, context.Canceled, "cancelled behind page %d", after)
		require.Len(t, got, after, "pages came after the context had ended")
	}
}

func failsOnce(t *testing.T, c Case) {
	_, err := failure(t.Context(), t, c.Failing(t), func() {})
	require.Error(t, err)
	oneLine(t, err)
}
