package live

import (
	"context"
	"slices"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

// news is what some commits, one after the other, have brought: all that the feed reads for everybody, and never changed.
type news struct {
	version int64 // of the last of them; 0 where there are none
	runs    []market.Run
	records []*model.Record // in the order in which they were added, with their assets, and in no group
	partial bool            // nobody wanted records when they would have been read
}

// keysAtOnce is how many rows are read by one statement.
const keysAtOnce = 1000

// load reads what commits tell of, as it is now.
func (f *Feed) load(ctx context.Context, commits []market.Commit, withRecords bool) (n news, err error) {
	n = news{version: commits[len(commits)-1].Version, partial: !withRecords}
	if withRecords {
		if n.records, err = f.loadRecords(ctx, commits); err != nil {
			return news{}, err
		}
	}
	n.runs, err = f.loadRuns(ctx, commits)
	return n, err
}

// loadRuns reads the runs of commits, in their order.
func (f *Feed) loadRuns(ctx context.Context, commits []market.Commit) ([]market.Run, error) {
	var runs []int64
	for _, c := range commits {
		if c.RunID != 0 && !slices.Contains(runs, c.RunID) {
			runs = append(runs, c.RunID)
		}
	}
	if len(runs) == 0 {
		return nil, nil
	}
	found, err := f.reader.RunsByID(ctx, runs)
	slices.SortFunc(found, func(a, b market.Run) int { return slices.Index(runs, a.ID) - slices.Index(runs, b.ID) })
	return found, err
}

// instant is the key of a record, as a key of maps.
type instant struct{ listing, micros int64 }

func instantOf(k market.RecordKey) instant { return instant{k.ListingID, k.ObservedAt.UnixMicro()} }

// loadRecords reads the records that commits have added, together, and their assets. A record that is gone since is left out.
func (f *Feed) loadRecords(ctx context.Context, commits []market.Commit) ([]*model.Record, error) {
	var keys []market.RecordKey
	for _, c := range commits {
		keys = append(keys, c.Added...)
	}
	found, assets := make(map[instant]*market.Record, len(keys)), map[int64]*market.Asset{}
	for some := range slices.Chunk(keys, keysAtOnce) {
		rows, err := f.reader.RecordsByKey(ctx, some)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			found[instantOf(rows[i].RecordKey)] = &rows[i]
			assets[rows[i].AssetID] = nil
		}
	}
	if err := f.loadAssets(ctx, assets); err != nil {
		return nil, err
	}
	var added []*model.Record
	for _, c := range commits {
		for i, k := range c.Added {
			if r := found[instantOf(k)]; r != nil {
				at := market.Position{Version: c.Version, Ordinal: i + 1}
				added = append(added, &model.Record{Record: r, Added: &at, Known: assets[r.AssetID]})
			}
		}
	}
	return added, nil
}

// loadAssets fills in the assets of these numbers. One that has just changed may stay nil.
func (f *Feed) loadAssets(ctx context.Context, assets map[int64]*market.Asset) error {
	numbers := make([]int64, 0, len(assets))
	for number := range assets {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	for some := range slices.Chunk(numbers, keysAtOnce) {
		rows, err := f.reader.AssetsByID(ctx, some)
		if err != nil {
			return err
		}
		for i := range rows {
			assets[rows[i].ID] = &rows[i]
		}
	}
	return nil
}
