package rest_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/rest"
	"github.com/kasparro/kasparro/internal/server"
)

const key = "a-key"

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// everyFiveMinutes is a timetable of all sources but csv.
type everyFiveMinutes struct{}

func (everyFiveMinutes) Slots(source string, now time.Time) (previous, next time.Time, ok bool) {
	previous = now.Truncate(5 * time.Minute)
	return previous, previous.Add(5 * time.Minute), source != "csv"
}

func newStore(t *testing.T) *postgres.Store {
	t.Helper()
	return postgres.New(postgrestest.New(t), identity.Resolve)
}

// service is the whole front over the reader, as it is in production.
func service(reader market.Reader, log io.Writer) http.Handler {
	logger := slog.New(slog.NewJSONHandler(log, nil))
	nothing := http.NotFoundHandler()
	return server.New(server.Options{
		GraphQL: nothing, Playground: nothing, Door: server.NewDoor(server.Keys{Read: key}, server.Throttle{}), Log: logger,
		REST: rest.New(rest.Options{
			Reader: reader, Timetable: everyFiveMinutes{}, Version: "v1.2.3", Now: time.Now, Log: logger,
		}),
	})
}

// answer is what came back.
type answer struct {
	*http.Response
	body []byte
}

func get(t *testing.T, h http.Handler, target string) answer {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("X-Api-Key", key)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{Response: w.Result(), body: w.Body.Bytes()}
}

// ok holds the answer to be 200 and reads it into a value.
func ok[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.StatusCode, string(a.body))
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	require.NoError(t, json.Unmarshal(a.body, &v))
	return v
}

type problem struct {
	Title, Detail, Instance string
	Status                  int
	RequestID               string `json:"request_id"`
	Errors                  []struct{ Location, Message string }
}

func requireProblem(t *testing.T, a answer, status int) (p problem) {
	t.Helper()
	require.Equal(t, status, a.StatusCode, string(a.body))
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	require.NoError(t, json.Unmarshal(a.body, &p))
	require.Equal(t, status, p.Status)
	require.Equal(t, http.StatusText(status), p.Title)
	require.NotEmpty(t, p.Detail)
	require.NotEmpty(t, p.Instance)
	require.Equal(t, a.Header.Get("X-Request-Id"), p.RequestID)
	return p
}

// outline writes JSON with the type in place of every scalar, keys in the order they came, and
// of every array only the first element.
func outline(t *testing.T, text []byte) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	return outlineNext(t, d)
}

func outlineNext(t *testing.T, d *json.Decoder) string {
	t.Helper()
	token, err := d.Token()
	require.NoError(t, err)
	switch v := token.(type) {
	case string:
		return "string"
	case json.Number:
		return "number"
	case bool:
		return "bool"
	case json.Delim:
		var parts []string
		for d.More() {
			if v == '[' {
				parts = append(parts, outlineNext(t, d))
				continue
			}
			name, err := d.Token()
			require.NoError(t, err)
			parts = append(parts, fmt.Sprint(name, ":", outlineNext(t, d)))
		}
		closing, err := d.Token()
		require.NoError(t, err)
		if v == '[' && len(parts) > 1 {
			parts = parts[:1]
		}
		return fmt.Sprint(v, strings.Join(parts, " "), closing)
	}
	return "null"
}

// observe makes an observation of a coin whose symbol is the first three letters of its id.
func observe(id string, at time.Time, price string) market.Observation {
	payload := fmt.Appendf(nil, `{"id":%q,"at":%q,"price":%s}`, id, at.Format(time.RFC3339Nano), price)
	sum := sha256.Sum256(payload)
	return market.Observation{
		ExternalID: id, Symbol: strings.ToUpper(id[:3]), Name: strings.ToUpper(id[:1]) + id[1:], ObservedAt: at,
		Figures: market.Figures{PriceUSD: decimal.RequireFromString(price)},
		Payload: payload, PayloadHash: [16]byte(sum[:16]),
	}
}

// ingest runs a source over the observations and ends the run.
func ingest(t *testing.T, s *postgres.Store, source string, end market.RunEnd, observations ...market.Observation) market.Run {
	t.Helper()
	run := start(t, s, source)
	if len(observations) > 0 {
		_, err := s.CommitBatch(t.Context(), run.ID, market.Batch{
			Source: source, FetchedAt: time.Now(), Observations: observations, Next: `{"page":2}`,
		})
		require.NoError(t, err)
	}
	ended, err := s.FinishRun(t.Context(), run.ID, end)
	require.NoError(t, err)
	return ended
}

func start(t *testing.T, s *postgres.Store, source string) market.Run {
	t.Helper()
	run, err := s.StartRun(t.Context(), market.RunRequest{Source: source, Kind: market.KindAPI, Trigger: market.TriggerManual})
	require.NoError(t, err)
	return run
}

var succeeded = market.RunEnd{Status: market.RunSucceeded}
