// Package config turns flags and environment into one struct, validated once: whatever is wrong
// is reported together, by variable, with what was given and what is allowed, and without secrets.
package config

import (
	"io"
	"log/slog"
	"net/netip"
	"time"

	"golang.org/x/term"
)

// Config is everything that can be set, already valid. Printing it shows no secret.
type Config struct {
	Host        string // an IP address or a host name to listen on
	Port        int    // 0 picks a free port
	APIKey      Secret // empty where none was given, see RequireKey
	AdminAPIKey Secret // empty where none was given
	// TrustedProxies are those whose word on where a request comes from is believed; nil for nobody's.
	TrustedProxies []netip.Prefix
	// AllowedOrigins are those whose pages may ask from within a browser, in lower case; "*" alone is every one, nil none.
	AllowedOrigins []string
	TLS            TLS

	Database Database
	DataDir  string // absolute; it may not exist yet

	ConsensusMaxAge  time.Duration // how old a price may be and still take part in the consensus on its asset
	RawRetentionDays int           // how long payloads are kept at least, in days; 0 for ever

	GraphQL      GraphQL
	MaxBodyBytes int // of a request

	RequestsPerMinute       int // of one key; 0 for any number
	ConcurrentRequests      int // of one key; 0 for any number
	ConcurrentCost          int // of the queries of one key that are being answered, in points; 0 for any number
	ConcurrentSubscriptions int // of one key; 0 for any number

	CoinPaprika CoinPaprika
	CoinGecko   CoinGecko
	CSVPath     string // a file, a directory or a glob; empty means the bundled history
	Watching    Watching
	LogLevel    slog.Level
	LogFormat   string // "text" or "json"; empty means text on a terminal and json elsewhere

	schedule  string            // for every source that has none of its own
	schedules map[string]string // by source, where it has its own
}

// GraphQL says what a query may take. All are at least 1.
type GraphQL struct {
	MaxTokens, MaxDepth, MaxFields, MaxAliases, MaxRootFields, MaxDirectives, MaxRepeats, MaxNameLength, MaxListItems, MaxPayloadBytes, MaxCost, MaxPageSize int

	Timeout       time.Duration // of a request
	Documents     string        // the file of queries that are known by id; empty: none
	DocumentsOnly bool          // no other query is answered
	Introspection bool          // whether the schema can be asked for
}

// Database says which PostgreSQL to use.
type Database struct {
	URL         Secret   // a postgres:// URL; empty means an embedded server under DataDir
	DirectURL   Secret   // the same database without a pooler between; empty where URL is direct
	ReplicaURLs []Secret // postgres:// URLs that serve the reads of the API; nil where there are none

	ReplicaMaxLag time.Duration // how far behind a replica may be and still be read from
}

// Watching says where what goes on inside is shown.
type Watching struct {
	MetricsPort *int   // answers /metrics without a key, 0 picks a free one; nil: the port of the API does, to administrators
	PprofPort   *int   // answers go tool pprof on 127.0.0.1, 0 picks a free one; nil: none does
	TracesURL   string // takes traces by OTLP over HTTP; empty: nothing is traced
}

// TLS says what the API is served with. Both files are given, or none: then it is served without.
type TLS struct {
	CertFile string // PEM: the certificate, and behind it those that vouch for it
	KeyFile  string // PEM
}

// Enabled tells whether there is a certificate.
func (t TLS) Enabled() bool { return t.CertFile != "" }

// CoinPaprika says how to reach that API.
type CoinPaprika struct {
	BaseURL string // without a slash at its end
	APIKey  Secret // empty on the free plan
	Plan
}

// CoinGecko says how to reach that API and how much to take from it.
type CoinGecko struct {
	BaseURL string // without a slash at its end
	APIKey  Secret // empty on the free plan
	Pages   int    // pages of 250 coins, at least 1
	Plan
}

// Plan is what an API may be asked, by all processes with the same key together.
type Plan struct {
	RequestsPerSecond float64 // more than 0
	MonthlyRequests   int64   // in a calendar month in UTC; 0 for no budget
}

// RequireKey returns an error, one that wraps ErrInvalid and says how to make a key, where no key was given at all: the API
// is never served without one, here or in the database.
func (c Config) RequireKey() error {
	if c.APIKey != "" || c.AdminAPIKey != "" {
		return nil
	}
	return &Error{Problems: []Problem{{Variable: "API_KEY", Given: nothing, Allowed: keyRule +
		": make one with `openssl rand -hex 24`, or one in the database with `kasparro keys create NAME --scope read`, or start with `make run`, which makes one"}}}
}

// Schedules returns the cron, in UTC, of each of the sources; one whose schedule is off is left out.
func (c Config) Schedules(sources ...string) map[string]string {
	specs := make(map[string]string, len(sources))
	for _, source := range sources {
		spec, own := c.schedules[source]
		if !own {
			spec = c.schedule
		}
		if spec != scheduleOff {
			specs[source] = spec
		}
	}
	return specs
}

// Logger builds the logger that writes to w in the level and the format configured.
func (c Config) Logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == formatText || c.LogFormat == "" && isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(file.Fd()))
}
