package sourcetest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/source/sourcetest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// jsonb asks a real PostgreSQL what it makes of a document.
func jsonb(t *testing.T) func(document []byte) string {
	db := postgrestest.New(t)
	return func(document []byte) (text string) {
		require.NoError(t, db.NewRaw("SELECT (?::jsonb)::text", string(document)).Scan(t.Context(), &text), "%s", document)
		return text
	}
}

func TestJSONBIsWhatPostgreSQLMakesOfIt(t *testing.T) {
	kept := jsonb(t)
	for _, document := range []string{
		`{"id":"bitcoin","b":1,"aa":2,"a":3,"":4,"é":5,"zz":6}`, `{"a":1,"a":2}`, ` [ ] `, `{}`, `[{"b":[],"a":{}} , null,true,false]`,
		`4.37e-06`, `1.01101101e+16`, `1.50`, `1.50e1`, `1.50E2`, `0`, `-0`, `-0.00`, `0.0e5`, `2.448524105135891e+15`, `-1.5e-3`,
		`123456789012345678901234567890.123456789`, `1E2`, `100`, `0e-3`,
		`"\u00e9 \ud83d\ude00 \/ \" \\ \b\f\n\r\t \u001f \u007f <&>"`, `"é😀"`, `"\u2028"`,
	} {
		require.Equal(t, kept([]byte(document)), sourcetest.JSONB([]byte(document)), document)
	}
	for _, file := range []string{"../coingecko/testdata/markets.json", "../coinpaprika/testdata/tickers.json"} {
		text, err := os.ReadFile(filepath.FromSlash(file))
		require.NoError(t, err)
		require.Equal(t, kept(text), sourcetest.JSONB(text), file)
	}
}

func TestJSONBOfAnyDocument(t *testing.T) {
	kept := jsonb(t)
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringMatching(`[^\x00]*`)
		number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?`)
		document := map[string]any{}
		for range rapid.IntRange(0, 6).Draw(r, "fields") {
			document[text.Draw(r, "name")] = []any{text.Draw(r, "text"), json.Number(number.Draw(r, "number"))}
		}
		raw, err := json.Marshal(document)
		require.NoError(r, err)
		require.Equal(r, kept(raw), sourcetest.JSONB(raw), "%s", raw)
	})
}
