package config

import (
	"cmp"
	"log/slog"
	"time"
)

// formatText and formatJSON are the formats of the log.
const (
	formatText = "text"
	formatJSON = "json"
)

// CoinPaprika answers free and paid calls at two addresses, and only a paid plan has a key.
const (
	coinPaprikaFree = "https://api.coinpaprika.com/v1"
	coinPaprikaPaid = "https://api-pro.coinpaprika.com/v1"
)

// coinGeckoPro answers those who have a paid plan.
const coinGeckoPro = "pro-api.coingecko.com"

// Load reads .env in the working directory, validates everything and returns it typed. What a flag
// gives wins over the environment, that over .env, and that over the default; a value that is
// empty counts as not given. The error is an *Error with all that is wrong, and wraps ErrInvalid;
// the Config is then the zero value.
func (f Flags) Load() (Config, error) {
	r := &reader{}
	dotEnv := r.dotEnv(".env")
	f = f.complete(dotEnv)
	c := Config{
		Port:        r.number("PORT", f.Port, 0, 65535),
		Host:        r.host("HOST", f.Host),
		Database:    r.database(f),
		DataDir:     r.directory("DATA_DIR", f.DataDir),
		APIKey:      r.key("API_KEY", f.APIKey),
		AdminAPIKey: r.key("ADMIN_API_KEY", f.AdminAPIKey),

		TrustedProxies: r.networks("TRUSTED_PROXIES", f.TrustedProxies),
		AllowedOrigins: r.origins("CORS_ALLOWED_ORIGINS", f.CORSAllowedOrigins),
		TLS:            r.tls(f),

		GraphQL:     r.graphQL(f),
		CoinPaprika: r.coinPaprika(f),
		CoinGecko:   r.coinGecko(f),
		CSVPath:     r.glob("CSV_PATH", f.CSVPath),
		schedule:    r.schedule("ETL_SCHEDULE", f.ETLSchedule),
		schedules:   r.ownSchedules(f, dotEnv),
		Watching:    r.watching(f),
		LogLevel:    r.level("LOG_LEVEL", f.LogLevel),
		LogFormat:   r.oneOf("LOG_FORMAT", f.LogFormat, "", formatText, formatJSON),

		ConsensusMaxAge:         r.duration("CONSENSUS_MAX_AGE", f.ConsensusMaxAge, time.Minute, 8760*time.Hour),
		RequestsPerMinute:       r.number("API_REQUESTS_PER_MINUTE", f.APIRequestsPerMinute, 0, 1_000_000_000),
		ConcurrentCost:          r.number("API_CONCURRENT_COST", f.APIConcurrentCost, 0, 1_000_000_000),
		ConcurrentRequests:      r.number("API_CONCURRENT_REQUESTS", f.APIConcurrentRequests, 0, 1_000_000),
		ConcurrentSubscriptions: r.number("API_CONCURRENT_SUBSCRIPTIONS", f.APIConcurrentSubscriptions, 0, 1_000_000),
		MaxBodyBytes:            r.number("MAX_BODY_BYTES", f.MaxBodyBytes, 1024, 1<<30),
		RawRetentionDays:        r.number("RAW_RETENTION_DAYS", f.RawRetentionDays, 0, 36500),
	}
	if len(r.problems) > 0 {
		return Config{}, &Error{Problems: r.problems}
	}
	return c, nil
}

// What the vendors give away in a month; what a paid plan gives, only its owner knows.
const (
	coinPaprikaFreeMonth = "20000"
	coinGeckoDemoMonth   = "10000"
	noBudget             = "0"
)

func (r *reader) coinPaprika(f Flags) CoinPaprika {
	key := r.key("COINPAPRIKA_API_KEY", f.CoinPaprikaAPIKey)
	live, month := coinPaprikaFree, coinPaprikaFreeMonth
	if key != "" {
		live, month = coinPaprikaPaid, noBudget
	}
	return CoinPaprika{
		APIKey:  key,
		BaseURL: r.baseURL("COINPAPRIKA_BASE_URL", cmp.Or(f.CoinPaprikaBaseURL, live)),
		Plan:    r.plan("COINPAPRIKA_", f.CoinPaprikaRequestsPerSecond, cmp.Or(f.CoinPaprikaMonthlyRequests, month)),
	}
}

func (r *reader) coinGecko(f Flags) CoinGecko {
	key, base := r.key("COINGECKO_API_KEY", f.CoinGeckoAPIKey), r.baseURL("COINGECKO_BASE_URL", f.CoinGeckoBaseURL)
	month := noBudget
	if key != "" && !hasHost(base, coinGeckoPro) {
		month = coinGeckoDemoMonth
	}
	return CoinGecko{
		APIKey: key, BaseURL: base,
		Pages: r.number("COINGECKO_PAGES", f.CoinGeckoPages, 1, 1000),
		Plan:  r.plan("COINGECKO_", f.CoinGeckoRequestsPerSecond, cmp.Or(f.CoinGeckoMonthlyRequests, month)),
	}
}

func (r *reader) graphQL(f Flags) GraphQL {
	const million = 1_000_000
	return GraphQL{
		MaxTokens:       r.number("GRAPHQL_MAX_TOKENS", f.GraphQLMaxTokens, 1, million),
		MaxDepth:        r.number("GRAPHQL_MAX_DEPTH", f.GraphQLMaxDepth, 1, 1000),
		MaxFields:       r.number("GRAPHQL_MAX_FIELDS", f.GraphQLMaxFields, 1, million),
		MaxAliases:      r.number("GRAPHQL_MAX_ALIASES", f.GraphQLMaxAliases, 1, million),
		MaxRootFields:   r.number("GRAPHQL_MAX_ROOT_FIELDS", f.GraphQLMaxRootFields, 1, million),
		MaxDirectives:   r.number("GRAPHQL_MAX_DIRECTIVES", f.GraphQLMaxDirectives, 1, million),
		MaxRepeats:      r.number("GRAPHQL_MAX_REPEATS", f.GraphQLMaxRepeats, 1, million),
		MaxNameLength:   r.number("GRAPHQL_MAX_NAME_LENGTH", f.GraphQLMaxNameLength, 40, 10_000),
		MaxListItems:    r.number("GRAPHQL_MAX_LIST_ITEMS", f.GraphQLMaxListItems, 1, 10_000),
		MaxPayloadBytes: r.number("GRAPHQL_MAX_PAYLOAD_BYTES", f.GraphQLMaxPayloadBytes, 1<<10, 1<<30),
		MaxCost:         r.number("GRAPHQL_MAX_COST", f.GraphQLMaxCost, 1, 1000*million),
		MaxPageSize:     r.number("GRAPHQL_MAX_PAGE_SIZE", f.GraphQLMaxPageSize, 1, 10_000),
		Timeout:         r.duration("GRAPHQL_TIMEOUT", f.GraphQLTimeout, time.Second, 10*time.Minute),
		Documents:       f.GraphQLDocuments,
		DocumentsOnly:   r.oneOf("GRAPHQL_DOCUMENTS_ONLY", f.GraphQLDocumentsOnly, "on", "off") == "on",
		Introspection:   r.oneOf("GRAPHQL_INTROSPECTION", f.GraphQLIntrospection, "on", "off") == "on",
	}
}

func (r *reader) watching(f Flags) Watching {
	w := Watching{MetricsPort: r.optionalPort("METRICS_PORT", f.MetricsPort), PprofPort: r.optionalPort("PPROF_PORT", f.PprofPort)}
	switch {
	case f.OTLPTracesEndpoint != "":
		w.TracesURL = r.baseURL("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f.OTLPTracesEndpoint)
	case f.OTLPEndpoint != "":
		w.TracesURL = r.baseURL("OTEL_EXPORTER_OTLP_ENDPOINT", f.OTLPEndpoint) + "/v1/traces"
	}
	return w
}

// tls reads the two files, of which one is nothing without the other. What is in them is not looked at.
func (r *reader) tls(f Flags) TLS {
	switch {
	case f.TLSCertFile != "" && f.TLSKeyFile == "":
		r.refuse("TLS_KEY_FILE", nothing, "the file with the key of TLS_CERT_FILE, such as privkey.pem; or neither of the two")
	case f.TLSCertFile == "" && f.TLSKeyFile != "":
		r.refuse("TLS_CERT_FILE", nothing, "the file with the certificate of TLS_KEY_FILE, such as fullchain.pem; or neither of the two")
	}
	return TLS{f.TLSCertFile, f.TLSKeyFile}
}

// optionalPort reads a port, nil where none is given.
func (r *reader) optionalPort(variable, value string) *int {
	if value == "" {
		return nil
	}
	port := r.number(variable, value, 0, 65535)
	return &port
}

// plan reads what may be asked of the API whose variables begin with prefix.
func (r *reader) plan(prefix, perSecond, perMonth string) Plan {
	return Plan{
		RequestsPerSecond: r.rate(prefix+"REQUESTS_PER_SECOND", perSecond),
		MonthlyRequests:   int64(r.number(prefix+"MONTHLY_REQUESTS", perMonth, 0, 1_000_000_000)),
	}
}

func (r *reader) level(variable, value string) slog.Level {
	var level slog.Level
	if r.oneOf(variable, value, "debug", "info", "warn", "error") != "" {
		_ = level.UnmarshalText([]byte(value)) // the four names are slog's own
	}
	return level
}
