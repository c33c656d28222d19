package simulator

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// listed is an answer under a fault, and what the ledger says was in it.
func listed(t *testing.T, s *Simulator, f Fault, path string) (string, []Stamp) {
	t.Helper()
	require.NoError(t, s.Misbehave(f))
	body := get(t, s, path)
	_, served := s.Ledger()
	last := served[len(served)-1]
	require.Equal(t, f.Kind, last.Fault)
	return body, last.Rows
}

// stampsOf are those of rows that can be read.
func stampsOf(t *testing.T, body string) (stamps []Stamp) {
	t.Helper()
	for _, r := range rows(t, body) {
		stamps = append(stamps, Stamp{r["id"].(string), r["last_updated"].(string)})
	}
	return stamps
}

func TestListsAreSpoiltAndTheLedgerKnows(t *testing.T) {
	for up, path := range map[string]string{"coingecko": markets + "&per_page=250", "coinpaprika": tickers} {
		for _, kind := range []string{"half_gone", "doubled", "backwards"} {
			t.Run(up+" "+kind, func(t *testing.T) {
				s := still(Options{Coins: 40})
				before := stampsOf(t, get(t, s, path))
				body, told := listed(t, s, Fault{Upstream: up, Kind: kind}, path)
				after := stampsOf(t, body)
				require.Equal(t, after, told)
				switch kind {
				case "half_gone":
					require.Subset(t, before, after)
					require.InDelta(t, len(before)/2, len(after), 3)
				case "doubled":
					require.Len(t, after, 2*len(before))
					for i := range after {
						require.Equal(t, before[i/2], after[i])
					}
				case "backwards":
					require.Len(t, after, len(before))
					requireHourOlder(t, before, after)
				}
				require.Equal(t, before, stampsOf(t, get(t, s, path)), "the fault outlived its times")
			})
		}
	}
}

func requireHourOlder(t *testing.T, before, after []Stamp) {
	t.Helper()
	then := map[string]time.Time{}
	for _, s := range after {
		at, err := time.Parse(time.RFC3339, s.LastUpdated)
		require.NoError(t, err)
		then[s.ID] = at
	}
	for _, s := range before {
		at, err := time.Parse(time.RFC3339, s.LastUpdated)
		require.NoError(t, err)
		require.InDelta(t, time.Hour, at.Sub(then[s.ID]), float64(time.Minute), s.ID)
	}
}

func TestASpoiltListIsSentToAClientThatHasTheWholeOne(t *testing.T) {
	s := still(Options{Coins: 9})
	modified := ask(t, s, "GET", tickers, "").Header().Get("Last-Modified")
	require.NoError(t, s.Misbehave(Fault{Upstream: "coinpaprika", Kind: "half_gone"}))
	w := ask(t, s, "GET", tickers, "", "If-Modified-Since", modified)
	require.Equal(t, 200, w.Code)
	require.Empty(t, w.Header().Get("Last-Modified"))
}

func TestEndlessPagesAreAllFull(t *testing.T) {
	s := still(Options{Coins: 30})
	all := ids(t, get(t, s, markets))
	require.NoError(t, s.Misbehave(Fault{Upstream: "coingecko", Kind: "endless", Times: 100}))
	var got []string
	for number := range 10 {
		page := ids(t, get(t, s, fmt.Sprintf("%s&per_page=7&page=%d", markets, number+1)))
		require.Len(t, page, 7)
		got = append(got, page...)
	}
	require.Equal(t, slices.Concat(all, all, all)[:70], got)
	require.Len(t, ids(t, get(t, s, markets+"&per_page=250&page=1000000000000")), 250)
}

func TestMovedPagesBeginTenRowsEarly(t *testing.T) {
	s := still(Options{Coins: 60})
	all := ids(t, get(t, s, markets))
	require.NoError(t, s.Misbehave(Fault{Upstream: "coingecko", Kind: "moved", Times: 100}))
	page := func(n int) []string { return ids(t, get(t, s, fmt.Sprintf("%s&per_page=20&page=%d", markets, n))) }
	require.Equal(t, all[:20], page(1))
	require.Equal(t, all[10:30], page(2))
	require.Equal(t, all[30:50], page(3))
	require.Empty(t, page(1000000000000))
}

func TestListFaultsLeaveOtherRequestsAlone(t *testing.T) {
	s := still(Options{Coins: 5})
	require.NoError(t, s.Misbehave(Fault{Upstream: "coinpaprika", Kind: "half_gone"}))
	require.NoError(t, s.Misbehave(Fault{Upstream: "coinpaprika", Kind: "nan"}))
	require.Len(t, rows(t, get(t, s, "/coinpaprika/v1/coins")), len(rows(t, get(t, still(Options{Coins: 5}), tickers))))
	get(t, s, tickers+"/btc-bitcoin")
	faults, _ := s.faults.list()
	require.Len(t, faults, 2, "both still wait for a list")
}

func TestTheLedgerKeepsAllIfAsked(t *testing.T) {
	s := still(Options{Coins: 1, Keep: -1})
	for range kept + 50 {
		get(t, s, tickers)
	}
	_, served := s.Ledger()
	require.Len(t, served, kept+50)
	few := still(Options{Coins: 1, Keep: 3})
	for range 9 {
		get(t, few, tickers)
	}
	_, served = few.Ledger()
	require.Len(t, served, 3)
}
