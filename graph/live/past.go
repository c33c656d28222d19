package live

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/kasparro/kasparro/internal/market"
)

const (
	// pastKept is how long what was read for one who catches up is kept for others.
	pastKept = 3 * time.Second
	// pastRecords is how many records are kept so, unless what came last has more by itself.
	pastRecords = 50_000
	// pastReads is how many such reads go on at a time: those who come back together wait for each other, and leave
	// connections to everybody else.
	pastReads = 4
)

// past is what those who catch up read: once for all who stand at the same version at about the same time. It is safe for
// concurrent use.
type past struct {
	load  func(ctx context.Context, after int64) (news, error)
	most  int           // records that are kept
	age   time.Duration // that they reach
	reads singleflight.Group
	slots chan struct{}

	mu      sync.Mutex
	kept    []*keptNews // as they came
	records int         // of all that are kept
}

// keptNews is what came after a version.
type keptNews struct {
	news

	after int64
	until *time.Timer
}

func newPast(load func(ctx context.Context, after int64) (news, error)) *past {
	return &past{load: load, most: pastRecords, age: pastKept, slots: make(chan struct{}, pastReads)}
}

// behind returns what some commits have brought of which the first comes after the version, or is at most commitsAtOnce before it,
// so that all who stand near each other read the same. The version of the news is 0 where nothing came after.
func (p *past) behind(ctx context.Context, version int64) (news, error) {
	if start := version - version%commitsAtOnce; start < version {
		n, err := p.after(ctx, start)
		if err == nil && n.version > version {
			return n, nil
		}
		if err != nil && !errors.Is(err, market.ErrForgotten) {
			return news{}, err
		}
	}
	return p.after(ctx, version)
}

// after returns what came after exactly that version: as it was a moment ago, or else as it is. A read goes on where the first
// who wanted it has gone; others may wait for it, and each statement has its deadline.
func (p *past) after(ctx context.Context, version int64) (news, error) {
	if n, ok := p.find(version); ok {
		return n, nil
	}
	read := p.reads.DoChan(strconv.FormatInt(version, 10), func() (any, error) {
		p.slots <- struct{}{}
		defer func() { <-p.slots }()
		if n, ok := p.find(version); ok { // read since it was looked for
			return n, nil
		}
		n, err := p.load(context.WithoutCancel(ctx), version)
		if err == nil && n.version != 0 {
			p.keep(version, n)
		}
		return n, err
	})
	select {
	case <-ctx.Done():
		return news{}, ctx.Err()
	case r := <-read:
		return r.Val.(news), r.Err
	}
}

func (p *past) find(after int64) (news, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.kept {
		if k.after == after {
			return k.news, true
		}
	}
	return news{}, false
}

// keep keeps news for a moment, and of what is kept no more than fits.
func (p *past) keep(after int64, n news) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := &keptNews{news: n, after: after}
	k.until = time.AfterFunc(p.age, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.drop(k)
	})
	p.kept = append(p.kept, k)
	p.records += len(n.records)
	for p.records > p.most && len(p.kept) > 1 {
		p.drop(p.kept[0])
	}
}

// drop forgets news that are kept; mu is held.
func (p *past) drop(k *keptNews) {
	i := slices.Index(p.kept, k)
	if i < 0 {
		return
	}
	k.until.Stop()
	p.kept = slices.Delete(p.kept, i, i+1)
	p.records -= len(k.records)
}
