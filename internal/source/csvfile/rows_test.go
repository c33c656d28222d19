package csvfile

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplit(t *testing.T) {
	for text, want := range map[string][]string{
		`a,b`: {"a", "b"}, ``: {""}, `,`: {"", ""}, `"a,b",c`: {"a,b", "c"}, `"a""b",""`: {`a"b`, ""}, `5" x,y`: {`5" x`, "y"},
		`a,"b"`: {"a", "b"}, `"a",`: {"a", ""}, `""""`: {`"`},
	} {
		cells, state := split(text, ',', nil)
		require.Equal(t, splitWhole, state, text)
		require.Equal(t, want, cells, text)
	}
	for text, want := range map[string]splitState{`"a`: splitOpen, `a,"b""`: splitOpen, `"a"b,c`: splitBroken, `"`: splitOpen} {
		_, state := split(text, ',', nil)
		require.Equal(t, want, state, text)
	}
}

// badRows are rows of a file with the columns date, symbol and close.
var badRows = map[string]struct{ row, code, detail string }{
	"too few cells":        {"2020-01-02,BTC", "bad_row", "2 cells, the header 3"},
	"too many cells":       {"2020-01-02,BTC,2,3", "bad_row", "4 cells"},
	"open quote":           {`2020-01-02,"BTC,2`, "bad_row", "not closed"},
	"open quote at first":  {`"2020-01-02,BTC,2`, "bad_row", "not closed"},
	"broken quote":         {`2020-01-02,"B"TC,2`, "bad_row", "closing quote"},
	"date":                 {"yesterday,BTC,2", "bad_time", `"yesterday"`},
	"price":                {"2020-01-02,BTC,two", "bad_number", `"two"`},
	"no coin":              {"2020-01-02, ,2", "missing_identity", "does not name"},
	"another quote":        {"2020-01-02,BTC/EUR,2", "not_us_dollars", "EUR"},
	"another joined quote": {"2020-01-02,ETHUSDT,2", "not_us_dollars", "USDT"},
	"not UTF-8":            {"2020-01-02,B\xe9C,2", "bad_encoding", "UTF-8"},
	"zero byte":            {"2020-01-02,B\x00C,2", "bad_encoding", "zero byte"},
}

// TestBadRows puts one bad row between two good ones: neither may suffer.
func TestBadRows(t *testing.T) {
	for name, c := range badRows {
		t.Run(name, func(t *testing.T) {
			items := itemsOf(extract(t, write(t, "p.csv",
				"date,symbol,close\n2020-01-01,BTC,1\n"+c.row+"\n2020-01-03,BTC,3\n"), ""))
			require.Len(t, items, 3)
			require.Nil(t, items[0].Problem)
			require.Nil(t, items[2].Problem)
			require.Equal(t, "3", items[2].Price)
			require.Equal(t, c.code, items[1].Problem.Code)
			require.Contains(t, items[1].Problem.Detail, c.detail)
			require.True(t, json.Valid(items[1].Payload))
		})
	}
}

func TestPayloadKeepsWhatCannotBeRead(t *testing.T) {
	item := only(t, "btc.csv", "date,close\nzz\n")
	require.JSONEq(t, `{"file":"btc.csv","header":["date","close"],"line":"zz"}`, string(item.Payload))
	require.Equal(t, "BTC", item.ExternalID)

	item = only(t, "btc.csv", "date,close\n\xff\x00,1\n")
	require.JSONEq(t, fmt.Sprintf(`{"file":"btc.csv","header":["date","close"],"line_base64":%q}`,
		base64.StdEncoding.EncodeToString([]byte("\xff\x00,1"))), string(item.Payload))
}

func TestPayloadKeepsEveryCellAsItCame(t *testing.T) {
	item := only(t, "btc.csv", "date,close,Q&A \"x\"\n2020-01-01, $1 ,\"a\"\"<\té\n\\\"\n")
	require.Nil(t, item.Problem)
	var got struct{ Row map[string]string }
	require.NoError(t, json.Unmarshal(item.Payload, &got))
	require.Equal(t, map[string]string{"date": "2020-01-01", "close": " $1 ", `Q&A "x"`: "a\"<\té\n\\"}, got.Row)
}

func TestPayloadDoesNotDependOnThePlace(t *testing.T) {
	items := itemsOf(extract(t, write(t, "btc.csv", "date,close\n2020-01-01,1\n\n2020-01-02,2\r\n2020-01-01,1"), ""))
	require.Len(t, items, 3)
	require.Equal(t, items[0], items[2])
}

func TestMissingFiguresAreLeftEmpty(t *testing.T) {
	item := only(t, "btc.csv", "date,close,open\n2020-01-01,null,-\n")
	require.Nil(t, item.Problem, "the normaliser says what is missing")
	require.Empty(t, item.Price+item.Open)
}

func TestOpenQuoteInAHugeFileCostsOneRow(t *testing.T) {
	rows := strings.Repeat("\"Jan 1, 2020\",1\n", 5000)
	items := itemsOf(extract(t, write(t, "btc.csv", "date,close\n"+rows+"\"Jan 2, 2020,7\n"+rows+"\"x\n\ny,8\n"+rows), ""))
	bad := 0
	for _, item := range items {
		if item.Problem != nil {
			bad++
		}
	}
	require.Len(t, items, 15003)
	require.Equal(t, 3, bad, `one for "Jan 2 and one for each of the two lines around the blank one`)
}

func TestLineTooLongIsHandedOnInParts(t *testing.T) {
	long := strings.Repeat("é", maxLine) // two and a bit parts
	file := write(t, "btc.csv", "date,close\n2020-01-01,1\n2020-01-02,"+long+",2020-01-01,1\n2020-01-03,3\n")
	items := itemsOf(extract(t, file, ""))
	require.Nil(t, items[0].Problem)
	require.Nil(t, items[len(items)-1].Problem)
	size := 0
	for _, item := range items[1 : len(items)-1] {
		require.NotNil(t, item.Problem)
		require.True(t, json.Valid(item.Payload))
		var got struct {
			Line   string
			Base64 []byte `json:"line_base64"`
		}
		require.NoError(t, json.Unmarshal(item.Payload, &got))
		size += len(got.Line) + len(got.Base64)
	}
	require.Equal(t, len("2020-01-02,")+len(long)+len(",2020-01-01,1"), size, "bytes got lost")
}

func TestPageMayEndInsideALineTooLong(t *testing.T) {
	// The last part looks like a row, and the first page ends right before it.
	file := write(t, "btc.csv", "date,close\n"+strings.Repeat("x", pageBytes)+"1600000000,1\n1600000001,2\n")
	pages := extract(t, file, "")
	require.Len(t, pages, 2)
	require.NotNil(t, pages[1].Items[0].Problem)
	require.Equal(t, pages[1].Items, itemsOf(extract(t, file, pages[0].Next)))
}

func TestJoinedLinesMustHaveTheWidthOfTheHeader(t *testing.T) {
	items := itemsOf(extract(t, write(t, "btc.csv", "date,close\n\"x\ny\",8,9\n2020-01-01,1\n"), ""))
	require.Len(t, items, 3)
	require.Nil(t, items[2].Problem)
}

func TestSmallOddities(t *testing.T) {
	for name, c := range map[string]struct{ content, payload string }{
		"BOM":               {"\ufeffdate,close\n2020-01-01,1\n", `{"date":"2020-01-01","close":"1"}`},
		"BOM and quotes":    {"\ufeff\"date\",\"close\"\n2020-01-01,1\n", `{"date":"2020-01-01","close":"1"}`},
		"a delimiter more":  {"date,close\n2020-01-01,1,,\n", `{"date":"2020-01-01","close":"1"}`},
		"a tab in a cell":   {"date,close,x\n2020-01-01,1,a\tb\n", `{"date":"2020-01-01","close":"1","x":"a\tb"}`},
		"only empty cells":  {"date,close\n,\n2020-01-01,1\n , \n", `{"date":"2020-01-01","close":"1"}`},
		"a line in a cell":  {"date,close,x\r\n2020-01-01,1,\"a\r\nb\"\r\n", `{"date":"2020-01-01","close":"1","x":"a\r\nb"}`},
		"quotes everywhere": {"\"date\",\"close\"\n\"2020-01-01\",\"1\"", `{"date":"2020-01-01","close":"1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			item := only(t, "btc.csv", c.content)
			require.Nil(t, item.Problem)
			require.Equal(t, "1", item.Price)
			require.JSONEq(t, `{"file":"btc.csv","row":`+c.payload+`}`, string(item.Payload))
		})
	}
}
