package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// past makes of the sources what they have of the stretch, and returns the stream of each by its name.
// Where the present is asked for they stay as they are.
func (c *ingestCommand) past(ctx context.Context, known market.Reader, picked []source.Source) ([]source.Source, map[string]string, error) {
	if c.From.IsZero() {
		return picked, nil, nil
	}
	stretches, streams := make([]source.Source, len(picked)), map[string]string{}
	for i, src := range picked {
		ids, err := c.coins(ctx, known, src.Name())
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", src.Name(), err)
		}
		name := "all" // whatever coins come along
		if len(c.Assets) > 0 {
			name = together(ids)
		}
		to, err := c.end(ctx, known, src.Name(), name)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", src.Name(), err)
		}
		stretches[i] = source.Past(src.(source.Historian), source.Span{From: c.From.Time, To: to, IDs: ids})
		streams[src.Name()] = streamBegin(c.From.Time) + to.Format(time.RFC3339) + " " + name
	}
	return stretches, streams, nil
}

// coins returns what the source calls the assets, in an order that no later run changes: it may have to
// go on in the middle of it.
func (c *ingestCommand) coins(ctx context.Context, known market.Reader, name string) ([]string, error) {
	if len(c.Assets) == 0 {
		return listed(ctx, known, name)
	}
	var ids []string
	for _, slug := range c.Assets {
		own, err := idsOf(ctx, known, name, slug)
		if c.DryRun && errors.Is(err, market.ErrUnavailable) { // it must do without a database
			err = nil
		}
		if err != nil {
			return nil, err
		}
		if len(own) == 0 {
			own = []string{slug} // nothing of ours: the source's own id, then
		}
		ids = append(ids, own...)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// idsOf returns what the source calls the asset, nothing where that is not known.
func idsOf(ctx context.Context, known market.Reader, name, slug string) (ids []string, err error) {
	asset, err := known.AssetBySlug(ctx, slug)
	if errors.Is(err, market.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	listings, err := known.ListingsOf(ctx, []int64{asset.ID})
	for _, l := range listings {
		if l.Source == name {
			ids = append(ids, l.ExternalID)
		}
	}
	return ids, err
}

// listed returns all coins that the source is known to list, those met first before the others. Not by
// rank: that changes while a run is cut off, and coins would be left out.
func listed(ctx context.Context, known market.Reader, name string) ([]string, error) {
	const every = 1 << 24
	assets, err := known.Assets(ctx, market.AssetFilter{Sources: []string{name}}, market.AssetsByRank, market.Window[market.AssetKey]{Size: every})
	if err != nil {
		return nil, err
	}
	keys := make([]int64, len(assets.Items))
	for i, a := range assets.Items {
		keys[i] = a.ID
	}
	listings, err := known.ListingsOf(ctx, keys)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(listings, func(a, b market.Listing) int { return cmp.Compare(a.ID, b.ID) })
	var ids []string
	for _, l := range listings {
		if l.Source == name {
			ids = append(ids, l.ExternalID)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("no coin of it is known yet: run kasparro ingest %s first, or name coins with --asset", name)
	}
	return ids, nil
}

// end is where the stretch ends: where it is told to, or else where a run that was cut off or missed coins
// was to end, or else now.
func (c *ingestCommand) end(ctx context.Context, known market.Reader, name, coins string) (time.Time, error) {
	end := c.orFullHour(time.Now())
	if !c.To.IsZero() || c.DryRun {
		return end, nil
	}
	live := false
	runs, err := known.Runs(ctx, market.RunFilter{Sources: []string{name}, Live: &live}, market.Window[int64]{Size: 500})
	if err != nil {
		return end, err
	}
	for _, run := range runs.Items {
		rest, begins := strings.CutPrefix(run.Stream, streamBegin(c.From.Time))
		rest, ends := strings.CutSuffix(rest, " "+coins)
		to, err := time.Parse(time.RFC3339, rest)
		if !begins || !ends || err != nil {
			continue
		}
		if run.Status != market.RunSucceeded && !inVain(run) {
			end = to
		}
		break
	}
	return end, nil
}

// inVain tells whether a run only asked again for coins that were missed, and missed them again: to wait
// for them would keep the end where it is for good, and from the beginning to now they are all asked for.
func inVain(run market.Run) bool {
	return run.Status == market.RunPartial && run.CursorBefore != "" && run.CursorBefore == run.CursorAfter
}

// fetchedBefore says of a run that found nothing left of its stretch to ask for which run had fetched it;
// it is empty for any other run.
func fetchedBefore(ctx context.Context, known market.Reader, run market.Run) string {
	if run.Stream == "" || run.Status != market.RunSucceeded || run.Pages > 0 || run.CursorBefore == "" {
		return ""
	}
	live, by := false, ""
	runs, err := known.Runs(ctx, market.RunFilter{Sources: []string{run.Source}, Streams: []string{run.Stream}, Live: &live}, market.Window[int64]{Size: 500})
	if i := slices.IndexFunc(runs.Items, func(r market.Run) bool { return r.Pages > 0 }); err == nil && i >= 0 {
		by = fmt.Sprintf(" by %s, which began %s", market.GlobalID(market.IDRun, runs.Items[i].ID), runs.Items[i].StartedAt.Format(time.RFC3339))
	}
	return "this stretch had been fetched already" + by + ": nothing was left to ask for"
}

// dryPast is past without a run to follow: it asks the database which coins there are, and changes nothing.
func (c *ingestCommand) dryPast(ctx context.Context, cfg config.Config, picked []source.Source) (stretches []source.Source, err error) {
	if c.From.IsZero() {
		return picked, nil
	}
	err = inDatabase(ctx, cfg, bounded("ingest", 2), func(_ *database, pool *bun.DB) (err error) {
		stretches, _, err = c.past(ctx, newStore(cfg, pool), picked)
		return err
	})
	return stretches, err
}
