package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/schedule"
)

// budget is what a source may ask of its API in a month, and what one run of it asks for.
type budget struct {
	source  string
	perRun  int64  // requests, if none has to be repeated
	most    int64  // requests a month; 0 for no budget
	smaller string // how one run makes do with less, where it can
}

func budgets(cfg config.Config) []budget {
	return []budget{
		{"coingecko", int64(cfg.CoinGecko.Pages), cfg.CoinGecko.MonthlyRequests, "COINGECKO_PAGES to fewer, "},
		{"coinpaprika", 1, cfg.CoinPaprika.MonthlyRequests, ""},
	}
}

// days are those of the longest month.
const days = 31

// overspent says what is wrong, and how to mend it, where the schedule needs more than the budget in
// the month after now. Otherwise it returns nothing.
func (b budget) overspent(table schedule.Timetable, now time.Time) (wrong, mend string) {
	if b.most == 0 {
		return "", ""
	}
	need := b.perRun * int64(table.Count(b.source, now, now.AddDate(0, 0, days)))
	if need <= b.most {
		return "", ""
	}
	name := strings.ToUpper(b.source)
	wrong = fmt.Sprintf("its schedule needs %d requests in %d days, and the budget is %d a month: runs fail once it is spent", need, days, b.most)
	mend = fmt.Sprintf("set %s%s_MONTHLY_REQUESTS to what the plan allows, or ETL_SCHEDULE_%s to ", b.smaller, name, name)
	if b.most < b.perRun {
		return wrong, mend + "off"
	}
	const minutes = days * 24 * 60
	runs := b.most / b.perRun
	return wrong, mend + fmt.Sprintf("a run every %d minutes or less often", (minutes+runs-1)/runs)
}
