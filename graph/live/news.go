package live

import (
	"context"
	"slices"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

// news is what some commits, one after the other, have brought.
type news struct {
	version int64 // of the last of them
	runs    []*model.EtlRun
	records []addition // in the order in which they were added
	partial bool       // nobody wanted records when they would have been read
}

// addition is a record that was added, with its asset.
type addition struct {
	*model.Record
	asset *model.Asset // nil where it has just changed
}

// keysAtOnce is how many records are read by one statement.
const keysAtOnce = 1000

// load reads what commits tell of, as it is now. A record that is gone since is left out.
func (f *Feed) load(ctx context.Context, commits []market.Commit, withRecords bool) (news, error) {
	n := news{version: commits[len(commits)-1].Version, partial: !withRecords}
	var runs []int64
	for _, c := range commits {
		if c.RunID != 0 && !slices.Contains(runs, c.RunID) {
			runs = append(runs, c.RunID)
		}
		if !withRecords || len(c.Added) == 0 {
			continue
		}
		records, err := f.loadRecords(ctx, c)
		if err != nil {
			return news{}, err
		}
		n.records = append(n.records, records...)
	}
	if len(runs) == 0 {
		return n, nil
	}
	found, err := f.reader.RunsByID(ctx, runs)
	if err != nil {
		return news{}, err
	}
	slices.SortFunc(found, func(a, b market.Run) int { return slices.Index(runs, a.ID) - slices.Index(runs, b.ID) })
	n.runs = model.NewEtlRuns(found)
	return n, nil
}

// loadRecords reads the records that a commit has added, together, and their assets.
func (f *Feed) loadRecords(ctx context.Context, c market.Commit) ([]addition, error) {
	type instant struct{ listing, micros int64 }
	ordinal := make(map[instant]int, len(c.Added))
	for i, k := range c.Added {
		ordinal[instant{k.ListingID, k.ObservedAt.UnixMicro()}] = i + 1
	}
	var found []market.Record
	for keys := range slices.Chunk(c.Added, keysAtOnce) {
		some, err := f.reader.RecordsByKey(ctx, keys)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	records := model.NewRecords(found)
	for _, r := range records {
		r.Added = &market.Position{Version: c.Version, Ordinal: ordinal[instant{r.ListingID, r.ObservedAt.UnixMicro()}]}
	}
	slices.SortFunc(records, func(a, b *model.Record) int { return a.Added.Ordinal - b.Added.Ordinal })
	added := make([]addition, len(records))
	for i, r := range records {
		assets, err := model.AssetsOf(ctx, f.reader, r.Group) // read once
		if err != nil {
			return nil, err
		}
		added[i] = addition{r, assets[r.AssetID]}
	}
	return added, nil
}
