package csvfile

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/source"
)

// oddFiles are those whose rows cannot be read again from their cells alone.
var oddFiles = map[string]struct{ file, content string }{
	"semicolons":                 {"btc.csv", "date;close;volume\n2020-01-01;1,5;2,345.6\n2020-01-02;1;1,234\n2020-01-03;7\n"},
	"tabs":                       {"btc.csv", "date\tclose\n2020-01-01\t1,5\n2020-01-02\t1\n"},
	"a decimal comma":            {"btc.csv", "date,close\n2020-01-01,\"1,234\"\n"},
	"one heading twice":          {"btc.csv", "date,close,close\n2020-01-01,1,2\n2020-01-01,1\n"},
	"one heading thrice":         {"btc.csv", "date,close,close (column 3),close (column 3),close\n2020-01-01,1,2,3,4\n"},
	"a heading like one made":    {"btc.csv", "date,close (column 4),close,close\n2020-01-01,2,3,4\n"},
	"headings that are alike":    {"btc.csv", "date,Price (USD),Price USD,priceusd\n2020-01-01,1,2,3\n2020-01-01,1\n"},
	"alike, longer first":        {"btc.csv", "date,\"close \"\"\",Close,CLOSE\n2020-01-01,1,2,3\n"},
	"day first":                  {"btc.dmy.csv", "date,close\n1/2/20,1\n\"1/2/20,2\n"},
	"month first":                {"btc.csv", "date,close\n1/2/20,1\n1/22/20,2\n22/1/20,3\n"},
	"misspelt":                   {"x.csv", "Dat;Tiker;Clsoe;Hihg;Volumne\n2020-01-01;BTC;1;2;3\n2020-01-02;BTC\n"},
	"misspelt, coin in a cell":   {"eth.csv", "date,Tiker,close\n2020-01-01,BTC,1\n\"2020-01-02,BTC,1\n"},
	"date and time apart":        {"x.csv", "Date,Time,Symbol,Close\n2021-07-06,13:30,BTC,5\n"},
	"misspelt time of day":       {"x.csv", "Date,Tiem,Symbol,Close\n2021-07-06,13:30,BTC,5\n"},
	"a heading of control":       {"btc.csv", "date,close,\"\u0001\u2028<é\"\n2020-01-01,1,\"\u0001\u2028<é\\u0000\"\n"},
	"a line in a cell, not told": {"btc.csv", "date,close,x\n2020-01-01,1,\"a\nb\xff\"\n"},
	"a line too long":            {"btc.csv", "date,close\n2020-01-01," + strings.Repeat("9", maxLine) + "\n"},
	"a part like a row":          {"btc.csv", "date,close\n" + strings.Repeat("x", maxLine) + "2020-01-01,1\n2020-01-02,\xff" + strings.Repeat("x", maxLine) + "\n"},
	"a cell too long":            {"btc.csv", "date,close\n2020-01-01," + strings.Repeat("é", 200) + "\n" + strings.Repeat("é", 200) + ",1\n"},
	"most rows unreadable":       {"btc.csv", "date,close\n" + strings.Repeat("2020-01-01,\"no\u0001 é\"\n", 30)},
	"a blank in the file's name": {"my \"é\" btc-usd.csv", "date,close\n2020-01-01,1\n"},
}

// everyFile lists the files of the tests by name and content.
func everyFile() map[string]struct{ file, content string } {
	all := map[string]struct{ file, content string }{}
	for name, f := range oddFiles {
		all["odd: "+name] = f
	}
	for name, c := range dialects {
		all["dialect: "+name] = struct{ file, content string }{c.file, c.content}
	}
	for name, c := range refusedFiles {
		all["refused: "+name] = struct{ file, content string }{c.file, c.content}
	}
	for name, c := range badRows {
		all["bad row: "+name] = struct{ file, content string }{"p.csv", "date,symbol,close\n" + c.row + "\n"}
	}
	for name, c := range misspelt {
		all["misspelt: "+name] = struct{ file, content string }{"btc.csv", c.header + "\n" + strings.Repeat("1,", strings.Count(c.header, ",")) + "2\n"}
	}
	return all
}

// throughJSONB stores payloads and reads them again.
func throughJSONB(t *testing.T, db *bun.DB, items []source.Item) []string {
	t.Helper()
	payloads := make([]string, len(items))
	for i, item := range items {
		payloads[i] = string(item.Payload)
	}
	var stored []string
	err := db.NewRaw("SELECT p::jsonb::text FROM unnest(ARRAY[?]::text[]) WITH ORDINALITY AS all_of(p, n) ORDER BY n", bun.List(payloads)).
		Scan(t.Context(), &stored)
	require.NoError(t, err)
	require.Len(t, stored, len(items))
	return stored
}

func requireReadAgainFromJSONB(t *testing.T, db *bun.DB, path string) {
	t.Helper()
	for _, page := range extract(t, path, "") {
		if len(page.Items) == 0 {
			continue
		}
		for i, stored := range throughJSONB(t, db, page.Items) {
			requireReadAgain(t, page.Items[i], []byte(stored))
		}
	}
}

func TestItemsAreReadAgainFromTheDatabase(t *testing.T) {
	db := postgrestest.New(t)
	requireReadAgainFromJSONB(t, db, "")
	for name, f := range everyFile() {
		t.Run(name, func(t *testing.T) { requireReadAgainFromJSONB(t, db, write(t, f.file, f.content)) })
	}
}

func TestRecordingsAreReadAgainFromTheDatabase(t *testing.T) {
	dir := recordings(t)
	db := postgrestest.New(t)
	for _, file := range must(filepath.Glob(filepath.Join(dir, "*.csv"))) {
		requireReadAgainFromJSONB(t, db, file)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// What is stored of a file with nothing odd about it must not change: its hash tells whether it is new.
func TestPayloadsOfOrdinaryFilesTellNothingMore(t *testing.T) {
	for name, c := range dialects {
		item := only(t, c.file, c.content)
		if strings.Contains(c.content, ";") || strings.Contains(c.content, "\t") {
			require.Contains(t, string(item.Payload), `"delimiter":`, name)
			continue
		}
		require.Regexp(t, `^\{"file":"[^"]+","row":\{`, string(item.Payload), name)
	}
}

func TestItemOfStoredPayloads(t *testing.T) {
	for name, c := range map[string]struct{ payload, code, detail string }{
		"a refusal without its reason":   {`{"file":"a.csv","header":["symbol","close"]}`, "missing_date_column", "a.csv is refused"},
		"a refusal of readable headings": {`{"file":"btc.csv","header":["date","close"]}`, "unreadable_rows", "mend it"},
		"a refusal with its reason":      {`{"file":"btc.csv","header":[],"refused":{"code":"c","field":"f","detail":"d"}}`, "c", "d"},
		"no JSON":                        {`{"file"`, "bad_payload", "no JSON object"},
		"nothing":                        {``, "bad_payload", "no JSON object"},
		"null":                           {`null`, "bad_payload", "no row"},
		"an item of an API":              {`{"id":"bitcoin","symbol":"btc"}`, "bad_payload", "no row"},
		"a number for a cell":            {`{"file":"btc.csv","row":{"date":"2020-01-01","close":1}}`, "bad_payload", "number"},
		"no price":                       {`{"file":"btc.csv","row":{"date":"2020-01-01"}}`, "missing_price_column", "btc.csv"},
		"no coin":                        {`{"file":"prices.csv","row":{"date":"2020-01-01","close":"1"}}`, "missing_identity", "prices.csv"},
		"columns of another file":        {`{"file":"btc.csv","columns":{"time":"d","price":"p"},"row":{"date":"2020-01-01","close":"1"}}`, "bad_payload", "columns"},
		"an order that is none":          {`{"file":"btc.csv","dates":"ymd","row":{"date":"1/2/20","close":"1"}}`, "bad_time", "1/2/20"},
	} {
		t.Run(name, func(t *testing.T) {
			item := New("").Item([]byte(c.payload))
			require.Equal(t, c.payload, string(item.Payload))
			require.NotNil(t, item.Problem)
			require.Equal(t, c.code, item.Problem.Code)
			require.Contains(t, item.Problem.Detail, c.detail)
		})
	}
}

// A line that is understood one day becomes a record: it is read as its file was.
func TestALineThatCanBeReadIsARow(t *testing.T) {
	item := New("").Item([]byte(`{"file":"btc.csv","delimiter":";","header":["date","close"],"line":"2020-01-01;7"}`))
	require.Nil(t, item.Problem)
	require.Equal(t, "7", item.Price)
	require.Equal(t, "BTC", item.ExternalID)
}

// Whatever is in a file, the store can hold it, and nothing of it stops the run.
func TestTheStoreCanHoldEveryFile(t *testing.T) {
	for name, f := range everyFile() {
		for _, page := range extract(t, write(t, f.file, f.content), "") {
			batch := ingest.Normalise("csv", page)
			for _, r := range batch.Rejections {
				require.NotEqual(t, "unstorable_payload", r.Reason.Code, name)
			}
			require.False(t, source.MostlyBad(len(batch.Rejections), len(page.Items)), name)
		}
	}
}
