package csvfile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// misspelt are headers of files about bitcoin, and what they are taken for: which heading stands for
// what, or why the file is refused.
var misspelt = map[string]struct {
	header string
	taken  map[string]string
	code   string
	names  string // what the reason or the warning names
}{
	"close":                       {"Date,Clsoe", map[string]string{"time": "Date", "price": "Clsoe"}, "", `"Clsoe" is taken for "close" (confidence 0.80)`},
	"both":                        {"Dat,Pirce", map[string]string{"time": "Dat", "price": "Pirce"}, "", `"Dat" is taken for "date" (confidence 0.75)`},
	"volume and ticker":           {"Date,Tiker,Close,Volumne", map[string]string{"time": "Date", "symbol": "Tiker", "price": "Close", "volume": "Volumne"}, "", `"Volumne" is taken for "volume"`},
	"of two words":                {"Date,Close,Market Capp,Totall Volume", map[string]string{"time": "Date", "price": "Close", "volume": "Totall Volume", "market_cap": "Market Capp"}, "", "totalvolume"},
	"all of four":                 {"Date,Oepn,Hihg,Loww,Cloze", map[string]string{"time": "Date", "open": "Oepn", "high": "Hihg", "low": "Loww", "price": "Cloze"}, "", "Loww"},
	"time of day":                 {"Date,Tiem,Close", map[string]string{"time": "Date", "clock": "Tiem", "price": "Close"}, "", `"Tiem" is taken for "time"`},
	"percent":                     {"Date,Close,Chnage %,Change", map[string]string{"time": "Date", "price": "Close", "change_24h": "Chnage %"}, "", "changepercent"},
	"there already":               {"Date,Close,Clsoe,Dat", map[string]string{"time": "Date", "price": "Close"}, "", ""},
	"known, and not wanted":       {"Date,Close,Adj Close,Price,Last", map[string]string{"time": "Date", "price": "Close"}, "", ""},
	"another unit":                {"Date,Close,Volume BTC,Volume USDT,Volume UST", map[string]string{"time": "Date", "price": "Close"}, "", ""},
	"another currency":            {"Date,Symbol,Close EUR", nil, "missing_price_column", "in US dollars: add one"},
	"too far":                     {"Date,Symbol,Clo", nil, "missing_price_column", `"Clo" is meant to be it, name it close`},
	"no date, and no guess":       {"Rate,Symbol,Close", nil, "missing_date_column", `"Rate" is meant to be it, name it date`},
	"another thing":               {"Date,Opening,Open", nil, "missing_price_column", "no column with a price in US dollars: add one"},
	"two as near":                 {"Date,Symbol,Clsoe,Colse", nil, "missing_price_column", `if one of "Clsoe" and "Colse" is meant to be it, name that close`},
	"two as near, and not needed": {"Date,Close,Volumne,Vloume", map[string]string{"time": "Date", "price": "Close"}, "", `"Vloume" is left out`},
	"one near to two":             {"Date,Close,Slumbol", map[string]string{"time": "Date", "price": "Close"}, "", ""},
	"nothing like a header":       {"Foo,Bar", nil, "not_csv", "no header"},
	"a note before it":            {"Prices of the day, as they were\nDat,Clsoe", map[string]string{"time": "Dat", "price": "Clsoe"}, "", "Clsoe"},
	"a note and a table":          {"Data price,dates\nDate,Close", map[string]string{"time": "Date", "price": "Close"}, "", ""},
	"not far enough wide":         {"Date,Clsoe" + strings.Repeat(",x", maxWide), nil, "not_csv", "no header"},
}

func TestMisspeltHeaders(t *testing.T) {
	for name, c := range misspelt {
		t.Run(name, func(t *testing.T) {
			h, err := readHeader(newLineReader(strings.NewReader(c.header+"\n1,2\n")), "btc.csv")
			if c.code != "" {
				var refused *refusal
				require.ErrorAs(t, err, &refused)
				require.Equal(t, c.code, refused.reason.Code)
				require.Contains(t, refused.reason.Detail, c.names)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.taken, h.mapping())
			warnings := strings.Join(h.guesses.warnings("btc.csv"), "\n")
			require.Contains(t, warnings, c.names)
			if c.names == "" {
				require.Empty(t, warnings)
			}
		})
	}
}

// One heading that is as near to two columns is neither.
func TestAHeadingBetweenTwoColumnsIsNotGuessed(t *testing.T) {
	h := newHeader([]string{"date", "close", "x"}, ',')
	h.guesses.near = []closeness{{place: 2, heading: "x", column: colOpen, known: "open", confidence: 0.8, rival: 0.78}}
	require.Equal(t, -1, h.choose(colOpen, ""))
	require.Len(t, h.guesses.unclear, 1)
	h.guesses.near[0].rival = 0.7
	require.Equal(t, 2, h.choose(colOpen, ""))
}

func TestWarningsAreToldOnceAReading(t *testing.T) {
	file := write(t, "btc.csv", "Date,Clsoe\n"+rowsOf(0, 4500))
	pages := extract(t, file, "")
	require.Len(t, pages, 3)
	require.Len(t, pages[0].Warnings, 1)
	require.Contains(t, pages[0].Warnings[0], `btc.csv: the column "Clsoe" is taken for "close"`)
	require.Contains(t, pages[0].Warnings[0], "name it close if that is right")
	require.Empty(t, pages[1].Warnings)
	resumed := extract(t, file, pages[0].Next)
	require.Len(t, resumed[0].Warnings, 1, "the next run reads with the same guess")
	require.Empty(t, resumed[1].Warnings)
	require.Equal(t, itemsOf(pages[1:]), itemsOf(resumed))
	require.Empty(t, extract(t, file, last(t, pages)))
}

// A misspelt header is found behind lines that were looked at before it, and resuming must not mind.
func TestAMisspeltHeaderIsResumed(t *testing.T) {
	content := "a note\n\nDat,Clsoe\n" + rowsOf(0, 3)
	file := write(t, "btc.csv", content)
	pages := extract(t, file, "")
	require.Equal(t, "0.5 1.5 2.5", prices(pages))
	age(t, file, 1)
	require.Empty(t, itemsOf(extract(t, file, last(t, pages))))
	rewrite(t, file, content+rowsOf(3, 5))
	require.Equal(t, "3.5 4.5", prices(extract(t, file, last(t, pages))))
	rewrite(t, file, "a note\n\nDat,Clsoe\n"+rowsOf(7, 9))
	require.Equal(t, "7.5 8.5", prices(extract(t, file, last(t, pages))))
}
