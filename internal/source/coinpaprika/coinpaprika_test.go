package coinpaprika_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coinpaprika"
	"github.com/kasparro/kasparro/internal/source/sourcetest"
	"github.com/kasparro/kasparro/internal/upstream"
)

// api answers with a body that a test may change.
type api struct {
	status int // 0 for 200
	body   []byte
	asked  []string
	key    string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.asked, a.key = append(a.asked, r.URL.Path+"?"+r.URL.RawQuery), r.Header.Get("Authorization")
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = w.Write(a.body)
}

func (a *api) open(t *testing.T, o coinpaprika.Options) source.Source {
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	o.BaseURL, o.Client = server.URL+"/v1", upstream.New(upstream.Options{BaseWait: time.Nanosecond})
	return coinpaprika.New(o)
}

func read(t *testing.T, path string) []byte {
	body, err := os.ReadFile(path)
	require.NoError(t, err)
	return body
}

func extract(t *testing.T, s source.Source, since market.Cursor) (pages []source.Page, items []source.Item) {
	for page, err := range s.Extract(t.Context(), since) {
		require.NoError(t, err)
		pages, items = append(pages, page), append(items, page.Items...)
	}
	return pages, items
}

func ids(items []source.Item) (all []string) {
	for _, item := range items {
		all = append(all, item.ExternalID)
	}
	return all
}

func TestConformance(t *testing.T) {
	body := read(t, "testdata/tickers.json")
	sourcetest.Run(t, sourcetest.Case{
		Name: "coinpaprika", Kind: market.KindAPI, Items: 10, Pages: 3, Repeats: true,
		New: func(t *testing.T) source.Source {
			return (&api{body: body}).open(t, coinpaprika.Options{PageItems: 4})
		},
		Failing: func(t *testing.T) source.Source {
			return (&api{status: 402, body: []byte(`{"error":"not allowed in this plan"}`)}).open(t, coinpaprika.Options{})
		},
	})
}

func TestOneRequestManyPages(t *testing.T) {
	a := &api{body: read(t, "testdata/tickers.json")}
	pages, _ := extract(t, a.open(t, coinpaprika.Options{PageItems: 5, APIKey: "secret"}), "")
	require.Equal(t, []string{"/v1/tickers?quotes=USD"}, a.asked)
	require.Equal(t, "secret", a.key)
	require.Len(t, pages, 2)
	require.EqualValues(t, len(a.body), pages[0].Bytes)
	require.Zero(t, pages[1].Bytes, "the bytes of one request count once")
	require.Regexp(t, `^{"answer":"[0-9a-f]{32}","offset":5}$`, string(pages[0].Next))
	require.Equal(t, market.Cursor(`{"offset":0}`), pages[1].Next)
}

func TestAChangedAnswerIsReadFromItsBeginning(t *testing.T) {
	list := func(price string) []byte {
		return []byte(`[{"id":"a","price":` + price + `},{"id":"b"},{"id":"c"}]`)
	}
	a := &api{body: list("1")}
	s := a.open(t, coinpaprika.Options{PageItems: 1})
	pages, _ := extract(t, s, "")
	_, rest := extract(t, s, pages[0].Next)
	require.Equal(t, []string{"b", "c"}, ids(rest))

	a.body = list("2")
	_, rest = extract(t, s, pages[0].Next)
	require.Equal(t, []string{"a", "b", "c"}, ids(rest))
}

func TestAnOffsetOutsideTheListIsTheBeginning(t *testing.T) {
	s := (&api{body: []byte(`[{"id":"a"},{"id":"b"}]`)}).open(t, coinpaprika.Options{PageItems: 1})
	pages, _ := extract(t, s, "")
	var at map[string]any
	require.NoError(t, json.Unmarshal([]byte(pages[0].Next), &at))
	for _, offset := range []int{-1, 2, 99} {
		at["offset"] = offset
		_, items := extract(t, s, source.JSONCursor(at))
		require.Equal(t, []string{"a", "b"}, ids(items), offset)
	}
}

// An empty list must not pass for a market that has been read.
func TestAnEmptyListIsSaid(t *testing.T) {
	pages, items := extract(t, (&api{body: []byte("[]")}).open(t, coinpaprika.Options{}), "")
	require.Empty(t, items)
	require.Len(t, pages, 1)
	require.Contains(t, pages[0].Incomplete, "empty")
	require.JSONEq(t, `{"offset":0}`, string(pages[0].Next))
}

func TestAPlanThatIsUsedUpIsNotAskedAgain(t *testing.T) {
	a := &api{status: 402, body: []byte(`{"error":"monthly quota exceeded"}`)}
	for page, err := range a.open(t, coinpaprika.Options{}).Extract(t.Context(), "") {
		require.Empty(t, page)
		require.ErrorContains(t, err, "/v1/tickers: 402 Payment Required: monthly quota exceeded")
	}
	require.Len(t, a.asked, 1)
}
