package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func versionOf(t testing.TB, s *postgres.Store) int64 {
	t.Helper()
	version, err := s.Version(t.Context())
	require.NoError(t, err)
	return version
}

// Whatever changes what is answered moves the version by one commit at least, which says whose it is.
func TestEveryChangeMovesTheVersion(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	version := versionOf(t, s)
	moved := func(what string, runID int64, added int) {
		t.Helper()
		commits, err := s.CommitsAfter(t.Context(), version, 100)
		require.NoError(t, err)
		require.NotEmpty(t, commits, what)
		last := commits[len(commits)-1]
		require.Equal(t, runID, last.RunID, what)
		require.Len(t, last.Added, added, what)
		version = versionOf(t, s)
		require.Equal(t, version, last.Version, what)
	}
	require.NoError(t, s.RegisterSources(t.Context(), market.Source{Name: "csv", Kind: market.KindFile}))
	moved("a source", 0, 0)
	run := start(t, s, "coingecko")
	moved("a run that begins", run.ID, 0)
	commit(t, s, run, observe("ether", noon, "2"), observe("bitcoin", noon, "1"), observe("bitcoin", noon, "1.5"))
	moved("a page", run.ID, 2)
	commit(t, s, run, observe("bitcoin", noon, "7"))
	moved("a correction", run.ID, 0)
	commit(t, s, run)
	moved("an empty page", run.ID, 0)
	finish(t, s, run)
	moved("a run that ends", run.ID, 0)
	other := start(t, s, "coinpaprika")
	commit(t, s, other, observe("bitcoin", noon, "7"))
	moved("a page of another source", other.ID, 1)
	finish(t, s, other)
	moved("the end of its run", other.ID, 0)
	_, err := s.UnlinkListing(t.Context(), market.ListingKey{Source: "coingecko", ExternalID: "bitcoin"}, "a test")
	require.NoError(t, err)
	moved("a decision", 0, 0)
	dead := start(t, s, "coingecko")
	silence(t, db, dead, 4*postgres.Beat)
	moved("another run", dead.ID, 0)
	abandoned, err := s.AbandonSilent(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int64{dead.ID}, abandoned)
	moved("a run that is given up", dead.ID, 0)

	require.NoError(t, s.Heartbeat(t.Context(), start(t, s, "coingecko").ID))
	moved("the next run", dead.ID+1, 0)
	_, err = s.AbandonSilent(t.Context())
	require.NoError(t, err)
	require.Equal(t, version, versionOf(t, s), "nothing was done")
}

// Sources that commit side by side make one sequence without a gap: whoever sees a version has seen all before it, and
// the records of all commits are all records, each once.
func TestVersionsAreInTheOrderInWhichTheyAreSeen(t *testing.T) {
	s := newStore(t)
	const sources, pages = 4, 15
	var g sync.WaitGroup
	done := make(chan struct{})
	for i := range sources {
		run := start(t, s, fmt.Sprintf("source-%d", i))
		g.Go(func() {
			for p := range pages {
				_, err := s.CommitBatch(context.WithoutCancel(t.Context()), run.ID, market.Batch{Source: run.Source, FetchedAt: time.Now(), Observations: []market.Observation{
					observe("coin-a", noon.Add(time.Duration(p)*time.Hour), fmt.Sprint(i+p)), observe("coin-b", noon.Add(time.Duration(p)*time.Hour), "5"),
				}})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() { g.Wait(); close(done) }()
	seen, at, over := map[market.RecordKey]bool{}, int64(0), false
	for !over {
		select {
		case <-done:
			over = true
		default:
		}
		commits, err := s.CommitsAfter(t.Context(), at, 1000)
		require.NoError(t, err)
		for _, c := range commits {
			require.Equal(t, at+1, c.Version)
			at = c.Version
			found, err := s.RecordsByKey(t.Context(), c.Added)
			require.NoError(t, err)
			require.Len(t, found, len(c.Added), "what a commit tells of can be read")
			for _, k := range c.Added {
				require.False(t, seen[k], "added twice")
				seen[k] = true
			}
		}
	}
	require.Len(t, seen, sources*pages*2)
}

// What is too old is forgotten, and who asks for it is told so; the last commit stays, to say that nothing followed.
func TestCommitsAreForgotten(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	for range 3 {
		finish(t, s, start(t, s, "coingecko"))
	}
	last := versionOf(t, s)
	require.NoError(t, s.ForgetCommits(t.Context()))
	commits, err := s.CommitsAfter(t.Context(), 0, 100)
	require.NoError(t, err)
	require.Len(t, commits, int(last), "none is a day old")

	_, err = db.ExecContext(t.Context(), "UPDATE commits SET committed_at = committed_at - interval '25 hours' WHERE version <= 2")
	require.NoError(t, err)
	require.NoError(t, s.ForgetCommits(t.Context()))
	_, err = s.CommitsAfter(t.Context(), 2, 100)
	require.ErrorIs(t, err, market.ErrForgotten)
	commits, err = s.CommitsAfter(t.Context(), 3, 2)
	require.NoError(t, err)
	require.Len(t, commits, 2)

	_, err = db.ExecContext(t.Context(), "UPDATE commits SET committed_at = committed_at - interval '25 hours'")
	require.NoError(t, err)
	require.NoError(t, s.ForgetCommits(t.Context()))
	commits, err = s.CommitsAfter(t.Context(), last, 100)
	require.NoError(t, err)
	require.Empty(t, commits)
	_, err = s.CommitsAfter(t.Context(), last+1, 100)
	require.ErrorIs(t, err, market.ErrForgotten, "it never was")
}

// A service that begins tells no version that it, or another database, may have told before.
func TestVersionsLeapWhereAServiceBegins(t *testing.T) {
	s := newStore(t)
	before, now := versionOf(t, s), time.Now().UnixMilli()
	require.NoError(t, s.LeapVersion(t.Context()))
	leapt := versionOf(t, s)
	require.GreaterOrEqual(t, leapt, now)
	commits, err := s.CommitsAfter(t.Context(), before, 10)
	require.NoError(t, err)
	require.Equal(t, []market.Commit{{Version: leapt, Added: []market.RecordKey{}}}, commits)
	_, err = s.CommitsAfter(t.Context(), leapt-1, 10)
	require.ErrorIs(t, err, market.ErrForgotten, "nobody has seen what lies between")
	for range 3 {
		before = versionOf(t, s)
		require.NoError(t, s.LeapVersion(t.Context()))
		require.Greater(t, versionOf(t, s), before)
	}
	_, err = s.CommitsAfter(t.Context(), before, 10)
	require.NoError(t, err)
}
