package config

import (
	"cmp"
	"os"
	"reflect"
	"strings"
)

// Flags holds every setting as text, as the command line or the environment gave it: embed it in
// the commands that need it. Empty means not given. The tag fallback is the default, and
// placeholder is how the help shows it: kong's own default would hide whether a value was given,
// and .env stands between the two.
type Flags struct {
	Port                       string `env:"PORT" fallback:"8000" placeholder:"8000" group:"Server" help:"Port to listen on, 0 for any free one."`
	Host                       string `env:"HOST" fallback:"127.0.0.1" placeholder:"127.0.0.1" group:"Server" help:"Address to listen on, 0.0.0.0 for all."`
	APIRequestsPerMinute       string `name:"api-requests-per-minute" env:"API_REQUESTS_PER_MINUTE" fallback:"60000" placeholder:"60000" group:"Server" help:"Requests of one key in a minute at most, 0 for any number."`
	APIConcurrentRequests      string `name:"api-concurrent-requests" env:"API_CONCURRENT_REQUESTS" fallback:"200" placeholder:"200" group:"Server" help:"Requests of one key at a time at most, 0 for any number."`
	APIConcurrentCost          string `name:"api-concurrent-cost" env:"API_CONCURRENT_COST" fallback:"2000000" placeholder:"2000000" group:"Server" help:"Points that the queries of one key may cost that are being answered at a time, 0 for any number."`
	APIConcurrentSubscriptions string `name:"api-concurrent-subscriptions" env:"API_CONCURRENT_SUBSCRIPTIONS" fallback:"5000" placeholder:"5000" group:"Server" help:"Subscriptions of one key at a time at most, and sockets, 0 for any number."`
	MaxBodyBytes               string `env:"MAX_BODY_BYTES" fallback:"1048576" placeholder:"1048576" group:"Server" help:"Bytes in the body of a request at most."`
	APIKey                     string `name:"api-key" env:"API_KEY" placeholder:"KEY" group:"Server" help:"Key that clients send."`
	AdminAPIKey                string `name:"admin-api-key" env:"ADMIN_API_KEY" placeholder:"KEY" group:"Server" help:"Key for administrators; it may read as well."`
	TrustedProxies             string `name:"trusted-proxies" env:"TRUSTED_PROXIES" placeholder:"ADDRESS,..." group:"Server" help:"Proxies whose X-Forwarded-For is believed, and callers whose traceparent is: addresses or networks, separated by commas. Nobody else's is."`
	CORSAllowedOrigins         string `name:"cors-allowed-origins" env:"CORS_ALLOWED_ORIGINS" placeholder:"ORIGIN,..." group:"Server" help:"Whose pages may ask from within a browser: origins such as https://app.example.com, separated by commas, or * for all. If not given, the service's own alone."`
	TLSCertFile                string `name:"tls-cert-file" env:"TLS_CERT_FILE" placeholder:"fullchain.pem" group:"Server" help:"File of the certificate and of those that vouch for it, as PEM: the API is then served by TLS. Read again when it changes."`
	TLSKeyFile                 string `name:"tls-key-file" env:"TLS_KEY_FILE" placeholder:"privkey.pem" group:"Server" help:"File of the certificate's key, as PEM."`

	DatabaseURL           string `name:"database-url" env:"DATABASE_URL" placeholder:"URL" group:"Database" help:"postgres://USER:PASSWORD@HOST:PORT/DATABASE. Without it and without POSTGRES_HOST a PostgreSQL is embedded."`
	PostgresHost          string `env:"POSTGRES_HOST" placeholder:"HOST" group:"Database" help:"Host, or directory of the socket, where DATABASE_URL is not given."`
	PostgresPort          string `env:"POSTGRES_PORT" fallback:"5432" placeholder:"5432" group:"Database" help:"Port of POSTGRES_HOST."`
	PostgresUser          string `env:"POSTGRES_USER" placeholder:"USER" group:"Database" help:"User at POSTGRES_HOST."`
	PostgresPassword      string `env:"POSTGRES_PASSWORD" placeholder:"PASSWORD" group:"Database" help:"Password of POSTGRES_USER."`
	PostgresDB            string `name:"postgres-db" env:"POSTGRES_DB" placeholder:"NAME" group:"Database" help:"Database at POSTGRES_HOST."`
	DatabaseDirectURL     string `name:"database-direct-url" env:"DATABASE_DIRECT_URL" placeholder:"URL" group:"Database" help:"The same database without the pooler that the others name: for migrations and backups, and to hear of commits."`
	DatabaseReplicaURLs   string `name:"database-replica-urls" env:"DATABASE_REPLICA_URLS" placeholder:"URL,..." group:"Database" help:"Replicas of the database, separated by commas: what the API is asked is read there."`
	DatabaseReplicaMaxLag string `name:"database-replica-max-lag" env:"DATABASE_REPLICA_MAX_LAG" fallback:"10s" placeholder:"10s" group:"Database" help:"How far behind a replica may be and still be read from: 10s, 1m."`
	RawRetentionDays      string `env:"RAW_RETENTION_DAYS" fallback:"90" placeholder:"90" group:"Database" help:"How many days payloads are kept at least, 0 for ever; those of the newest records are always kept."`
	ConsensusMaxAge       string `env:"CONSENSUS_MAX_AGE" fallback:"24h" placeholder:"24h" group:"Database" help:"How old a price may be and still take part in the consensus on its asset: 90m, 24h."`
	DataDir               string `env:"DATA_DIR" fallback:".data" placeholder:".data" group:"Database" help:"Directory for the embedded PostgreSQL."`

	CoinPaprikaAPIKey  string `name:"coinpaprika-api-key" env:"COINPAPRIKA_API_KEY" placeholder:"KEY" group:"Sources" help:"Key of a paid CoinPaprika plan; the free one needs none."`
	CoinGeckoAPIKey    string `name:"coingecko-api-key" env:"COINGECKO_API_KEY" placeholder:"KEY" group:"Sources" help:"Key of a CoinGecko plan; keyless use is limited to a few calls a minute."`
	CoinPaprikaBaseURL string `name:"coinpaprika-base-url" env:"COINPAPRIKA_BASE_URL" placeholder:"URL" group:"Sources" help:"Where CoinPaprika answers; the live API if not given."`
	CoinGeckoBaseURL   string `name:"coingecko-base-url" env:"COINGECKO_BASE_URL" fallback:"https://api.coingecko.com/api/v3" placeholder:"https://api.coingecko.com/api/v3" group:"Sources" help:"Where CoinGecko answers."`
	CoinGeckoPages     string `name:"coingecko-pages" env:"COINGECKO_PAGES" fallback:"4" placeholder:"4" group:"Sources" help:"Pages of 250 coins to take from CoinGecko."`

	CoinPaprikaRequestsPerSecond string `name:"coinpaprika-requests-per-second" env:"COINPAPRIKA_REQUESTS_PER_SECOND" fallback:"10" placeholder:"10" group:"Sources" help:"Requests to CoinPaprika a second at most; every plan allows 10."`
	CoinPaprikaMonthlyRequests   string `name:"coinpaprika-monthly-requests" env:"COINPAPRIKA_MONTHLY_REQUESTS" placeholder:"NUMBER" group:"Sources" help:"Requests to CoinPaprika a month at most, 0 for no budget; if not given, 20000 without a key and no budget with one."`
	CoinGeckoRequestsPerSecond   string `name:"coingecko-requests-per-second" env:"COINGECKO_REQUESTS_PER_SECOND" fallback:"0.5" placeholder:"0.5" group:"Sources" help:"Requests to CoinGecko a second at most; a demo key allows 30 a minute."`
	CoinGeckoMonthlyRequests     string `name:"coingecko-monthly-requests" env:"COINGECKO_MONTHLY_REQUESTS" placeholder:"NUMBER" group:"Sources" help:"Requests to CoinGecko a month at most, 0 for no budget; if not given, 10000 with a demo key and otherwise no budget."`

	CSVPath string `name:"csv-path" env:"CSV_PATH" placeholder:"PATH" group:"Sources" help:"A file, a directory or a glob; the bundled history if not given."`

	ETLSchedule            string `name:"etl-schedule" env:"ETL_SCHEDULE" fallback:"*/5 * * * *" placeholder:"*/5 * * * *" group:"Schedule" help:"When sources are read: cron in UTC, or off."`
	ETLScheduleCoinGecko   string `name:"etl-schedule-coingecko" env:"ETL_SCHEDULE_COINGECKO" placeholder:"CRON" group:"Schedule" help:"The same for CoinGecko alone."`
	ETLScheduleCoinPaprika string `name:"etl-schedule-coinpaprika" env:"ETL_SCHEDULE_COINPAPRIKA" placeholder:"CRON" group:"Schedule" help:"The same for CoinPaprika alone."`
	ETLScheduleCSV         string `name:"etl-schedule-csv" env:"ETL_SCHEDULE_CSV" placeholder:"CRON" group:"Schedule" help:"The same for the CSV files alone."`

	GraphQLMaxTokens       string `name:"graphql-max-tokens" env:"GRAPHQL_MAX_TOKENS" fallback:"4000" placeholder:"4000" group:"GraphQL" help:"Tokens in a query at most."`
	GraphQLMaxDepth        string `name:"graphql-max-depth" env:"GRAPHQL_MAX_DEPTH" fallback:"20" placeholder:"20" group:"GraphQL" help:"Levels of fields in a query at most; the schema's introspection by tools has 15."`
	GraphQLMaxFields       string `name:"graphql-max-fields" env:"GRAPHQL_MAX_FIELDS" fallback:"1000" placeholder:"1000" group:"GraphQL" help:"Fields in a query at most, fragments written out."`
	GraphQLMaxAliases      string `name:"graphql-max-aliases" env:"GRAPHQL_MAX_ALIASES" fallback:"100" placeholder:"100" group:"GraphQL" help:"Aliases in a query at most, fragments written out."`
	GraphQLMaxRootFields   string `name:"graphql-max-root-fields" env:"GRAPHQL_MAX_ROOT_FIELDS" fallback:"20" placeholder:"20" group:"GraphQL" help:"Fields of the query itself at most."`
	GraphQLMaxDirectives   string `name:"graphql-max-directives" env:"GRAPHQL_MAX_DIRECTIVES" fallback:"50" placeholder:"50" group:"GraphQL" help:"Directives in a query at most, fragments written out."`
	GraphQLMaxRepeats      string `name:"graphql-max-repeats" env:"GRAPHQL_MAX_REPEATS" fallback:"100" placeholder:"100" group:"GraphQL" help:"Fields of one name at one place of the answer at most, fragments written out."`
	GraphQLMaxNameLength   string `name:"graphql-max-name-length" env:"GRAPHQL_MAX_NAME_LENGTH" fallback:"128" placeholder:"128" group:"GraphQL" help:"Characters of a name, an alias or a number in a query at most."`
	GraphQLMaxListItems    string `name:"graphql-max-list-items" env:"GRAPHQL_MAX_LIST_ITEMS" fallback:"500" placeholder:"500" group:"GraphQL" help:"Items of one list in a filter at most."`
	GraphQLMaxPayloadBytes string `name:"graphql-max-payload-bytes" env:"GRAPHQL_MAX_PAYLOAD_BYTES" fallback:"33554432" placeholder:"33554432" group:"GraphQL" help:"Bytes of payloads in an answer at most."`
	GraphQLMaxCost         string `name:"graphql-max-cost" env:"GRAPHQL_MAX_COST" fallback:"200000" placeholder:"200000" group:"GraphQL" help:"Points that a query may cost: a field is one, in a list one for each row."`
	GraphQLMaxPageSize     string `name:"graphql-max-page-size" env:"GRAPHQL_MAX_PAGE_SIZE" fallback:"500" placeholder:"500" group:"GraphQL" help:"Rows of a page at most."`
	GraphQLTimeout         string `name:"graphql-timeout" env:"GRAPHQL_TIMEOUT" fallback:"15s" placeholder:"15s" group:"GraphQL" help:"How long a request may take, its reading of the database included."`
	GraphQLDocuments       string `name:"graphql-documents" env:"GRAPHQL_DOCUMENTS" placeholder:"documents.json" group:"GraphQL" help:"File of queries that clients may ask for by documentId: an object of ids with their queries, or Apollo's manifest."`
	GraphQLDocumentsOnly   string `name:"graphql-documents-only" env:"GRAPHQL_DOCUMENTS_ONLY" fallback:"off" placeholder:"off" group:"GraphQL" help:"on or off: whether no other query is answered."`
	GraphQLIntrospection   string `name:"graphql-introspection" env:"GRAPHQL_INTROSPECTION" fallback:"on" placeholder:"on" group:"GraphQL" help:"on or off: whether the schema can be asked for, and errors suggest its names."`

	MetricsPort        string `env:"METRICS_PORT" placeholder:"PORT" group:"Watching" help:"Port of HOST that answers /metrics without a key, 0 for any free one; if not given, the port of the API does, to administrators."`
	PprofPort          string `env:"PPROF_PORT" placeholder:"PORT" group:"Watching" help:"Port of 127.0.0.1 that answers go tool pprof, 0 for any free one; if not given, none does."`
	OTLPEndpoint       string `name:"otel-exporter-otlp-endpoint" env:"OTEL_EXPORTER_OTLP_ENDPOINT" placeholder:"URL" group:"Watching" help:"Base URL of a collector that takes traces by OTLP over HTTP; if not given, nothing is traced."`
	OTLPTracesEndpoint string `name:"otel-exporter-otlp-traces-endpoint" env:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" placeholder:"URL" group:"Watching" help:"URL that takes traces, where it is not /v1/traces of OTEL_EXPORTER_OTLP_ENDPOINT."`

	LogLevel  string `env:"LOG_LEVEL" fallback:"info" placeholder:"info" group:"Logging" help:"debug, info, warn or error."`
	LogFormat string `env:"LOG_FORMAT" placeholder:"FORMAT" group:"Logging" help:"text or json; if not given, text on a terminal and json elsewhere."`
}

// complete fills what was not given from .env, unless the environment sets the variable (even to
// nothing), and then with the defaults.
func (f Flags) complete(dotEnv map[string]string) Flags {
	fields := reflect.ValueOf(&f).Elem()
	for i := range fields.NumField() {
		if fields.Field(i).String() != "" {
			continue
		}
		tag := fields.Type().Field(i).Tag
		value := ""
		if _, set := os.LookupEnv(tag.Get("env")); !set {
			value = dotEnv[tag.Get("env")]
		}
		fields.Field(i).SetString(cmp.Or(value, tag.Get("fallback")))
	}
	return f
}

// ownSchedule begins the variable that gives one source a schedule of its own.
const ownSchedule = "ETL_SCHEDULE_"

// ownSchedules returns the variables that give one source a schedule of its own, in their order,
// and the values of those that are given.
func (f Flags) ownSchedules() (variables []string, given map[string]string) {
	given = map[string]string{}
	fields := reflect.ValueOf(f)
	for i := range fields.NumField() {
		name := fields.Type().Field(i).Tag.Get("env")
		if !strings.HasPrefix(name, ownSchedule) {
			continue
		}
		variables = append(variables, name)
		if value := fields.Field(i).String(); value != "" {
			given[name] = value
		}
	}
	return variables, given
}
