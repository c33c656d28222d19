package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

const goodKey = "0123456789abcdef"

// load parses the arguments as the program does and loads, in an empty directory and an
// environment with no setting but env.
func load(t *testing.T, env map[string]string, dotEnv string, args ...string) (Config, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, ownSchedule) {
			unset(t, name)
		}
	}
	for f := range reflect.TypeFor[Flags]().Fields() {
		unset(t, f.Tag.Get("env"))
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	if dotEnv != "" {
		require.NoError(t, os.WriteFile(".env", []byte(dotEnv), 0o600))
	}
	var command struct{ Flags }
	parser, err := kong.New(&command)
	require.NoError(t, err)
	_, err = parser.Parse(args)
	require.NoError(t, err)
	return command.Load()
}

func unset(t *testing.T, name string) {
	t.Setenv(name, "") // puts the old value back when the test ends
	require.NoError(t, os.Unsetenv(name))
}

func TestDefaults(t *testing.T) {
	c, err := load(t, nil, "")
	require.NoError(t, err)
	here, err := os.Getwd()
	require.NoError(t, err)
	require.Equal(t, Config{
		Host: "127.0.0.1", Port: 8000,
		DataDir:     filepath.Join(here, ".data"),
		CoinPaprika: CoinPaprika{BaseURL: "https://api.coinpaprika.com/v1", Plan: Plan{RequestsPerSecond: 10, MonthlyRequests: 20000}},
		CoinGecko:   CoinGecko{BaseURL: "https://api.coingecko.com/api/v3", Pages: 4, Plan: Plan{RequestsPerSecond: 0.5}},
		LogLevel:    slog.LevelInfo, RawRetentionDays: 90, ConsensusMaxAge: 24 * time.Hour, MaxBodyBytes: 1 << 20, RequestsPerMinute: 60000, ConcurrentRequests: 200, ConcurrentCost: 2_000_000, ConcurrentSubscriptions: 5000,
		GraphQL: GraphQL{
			MaxTokens: 4000, MaxDepth: 20, MaxFields: 1000, MaxAliases: 100, MaxRootFields: 20, MaxDirectives: 50, MaxRepeats: 100, MaxNameLength: 128, MaxListItems: 500, MaxPayloadBytes: 32 << 20,
			MaxCost: 200000, MaxPageSize: 500, Timeout: 15 * time.Second, Introspection: true,
		},
		Database: Database{ReplicaMaxLag: 10 * time.Second},
		schedule: "*/5 * * * *", schedules: map[string]string{},
	}, c)
	require.Equal(t, map[string]string{"csv": "*/5 * * * *"}, c.Schedules("csv"))
}

func TestEveryVariableHasItsFlag(t *testing.T) {
	var command struct{ Flags }
	parser, err := kong.New(&command)
	require.NoError(t, err)
	documented := "PORT HOST DATABASE_URL POSTGRES_HOST POSTGRES_PORT POSTGRES_USER POSTGRES_PASSWORD POSTGRES_DB DATABASE_DIRECT_URL " +
		"DATABASE_REPLICA_URLS DATABASE_REPLICA_MAX_LAG DATA_DIR RAW_RETENTION_DAYS CONSENSUS_MAX_AGE MAX_BODY_BYTES API_REQUESTS_PER_MINUTE API_CONCURRENT_REQUESTS API_CONCURRENT_COST API_CONCURRENT_SUBSCRIPTIONS GRAPHQL_MAX_TOKENS GRAPHQL_MAX_DEPTH GRAPHQL_MAX_FIELDS " +
		"GRAPHQL_MAX_ALIASES GRAPHQL_MAX_ROOT_FIELDS GRAPHQL_MAX_DIRECTIVES GRAPHQL_MAX_REPEATS GRAPHQL_MAX_NAME_LENGTH GRAPHQL_MAX_LIST_ITEMS GRAPHQL_MAX_PAYLOAD_BYTES GRAPHQL_MAX_COST GRAPHQL_MAX_PAGE_SIZE GRAPHQL_TIMEOUT GRAPHQL_DOCUMENTS GRAPHQL_DOCUMENTS_ONLY GRAPHQL_INTROSPECTION API_KEY ADMIN_API_KEY TRUSTED_PROXIES CORS_ALLOWED_ORIGINS TLS_CERT_FILE TLS_KEY_FILE COINPAPRIKA_API_KEY COINGECKO_API_KEY COINPAPRIKA_BASE_URL " +
		"COINGECKO_BASE_URL COINGECKO_PAGES COINPAPRIKA_REQUESTS_PER_SECOND COINPAPRIKA_MONTHLY_REQUESTS " +
		"COINGECKO_REQUESTS_PER_SECOND COINGECKO_MONTHLY_REQUESTS CSV_PATH ETL_SCHEDULE ETL_SCHEDULE_COINGECKO ETL_SCHEDULE_COINPAPRIKA " +
		"ETL_SCHEDULE_CSV METRICS_PORT PPROF_PORT OTEL_EXPORTER_OTLP_ENDPOINT OTEL_EXPORTER_OTLP_TRACES_ENDPOINT LOG_LEVEL LOG_FORMAT"
	var names []string
	for _, flag := range parser.Model.Flags {
		if flag.Name == "help" {
			continue
		}
		require.Len(t, flag.Envs, 1, flag.Name)
		names = append(names, flag.Envs[0])
		require.Equal(t, strings.ToLower(strings.ReplaceAll(flag.Envs[0], "_", "-")), flag.Name)
		require.NotEmpty(t, flag.Help, flag.Name)
		require.NotNil(t, flag.Group, flag.Name)
	}
	require.ElementsMatch(t, strings.Fields(documented), names)
	for f := range reflect.TypeFor[Flags]().Fields() {
		if fallback := f.Tag.Get("fallback"); fallback != "" {
			require.Equal(t, fallback, f.Tag.Get("placeholder"), "the help of %s shows another default", f.Name)
		}
	}
}

func TestPrecedence(t *testing.T) {
	env := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	tests := map[string]struct {
		env    map[string]string
		dotEnv string
		args   []string
		want   int
	}{
		"default":                       {nil, "", nil, 8000},
		".env over default":             {nil, "PORT=8001\n", nil, 8001},
		"environment over .env":         {env("PORT", "8002"), "PORT=8001\n", nil, 8002},
		"empty environment over .env":   {env("PORT", ""), "PORT=8001\n", nil, 8000},
		"flag over environment":         {env("PORT", "8002"), "PORT=8001\n", []string{"--port=8003"}, 8003},
		"flag over a wrong environment": {env("PORT", "x"), "PORT=y\n", []string{"--port=8003"}, 8003},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := load(t, tt.env, tt.dotEnv, tt.args...)
			require.NoError(t, err)
			require.Equal(t, tt.want, c.Port)
			_, leaked := os.LookupEnv("PORT")
			require.Equal(t, tt.env != nil, leaked, "the environment must stay as it was")
		})
	}
}

func TestRequireKey(t *testing.T) {
	c, err := load(t, nil, "")
	require.NoError(t, err)
	err = c.RequireKey()
	require.ErrorIs(t, err, ErrInvalid)
	require.ErrorContains(t, err, "API_KEY: given nothing")
	require.ErrorContains(t, err, "openssl rand -hex 24")
	require.ErrorContains(t, err, "make run")
	for _, name := range []string{"API_KEY", "ADMIN_API_KEY"} {
		c, err := load(t, map[string]string{name: goodKey}, "")
		require.NoError(t, err)
		require.NoError(t, c.RequireKey())
	}
}

func TestLogger(t *testing.T) {
	for format, want := range map[string]string{
		"text": "level=WARN msg=seen\n",
		"json": `{"level":"WARN","msg":"seen"}` + "\n",
		"":     `{"level":"WARN","msg":"seen"}` + "\n", // a buffer is no terminal
	} {
		c, err := load(t, map[string]string{"LOG_LEVEL": "warn", "LOG_FORMAT": format}, "")
		require.NoError(t, err)
		var out bytes.Buffer
		log := c.Logger(&out)
		log.Info("too quiet")
		log.Warn("seen")
		line := out.String()
		if start := strings.Index(line, "time="); start >= 0 {
			line = line[strings.Index(line, "level="):]
		} else {
			line = "{" + line[strings.Index(line, `"level"`):]
		}
		require.Equal(t, want, line, "LOG_FORMAT=%q", format)
	}
}

func TestNoSecretIsPrinted(t *testing.T) {
	secret := func(i int) string { return fmt.Sprintf("hush-hush-hush-%d", i) }
	c, err := load(t, map[string]string{
		"API_KEY": secret(1), "ADMIN_API_KEY": secret(2), "COINPAPRIKA_API_KEY": secret(3), "COINGECKO_API_KEY": secret(4),
		"DATABASE_URL":          "postgres://u:" + secret(5) + "@h/d",
		"DATABASE_DIRECT_URL":   "postgres://u:" + secret(8) + "@h/d",
		"DATABASE_REPLICA_URLS": "postgres://u:" + secret(6) + "@h/d,postgres://u:" + secret(7) + "@h/d",
	}, "")
	require.NoError(t, err)
	require.Equal(t, secret(1), c.APIKey.Reveal())
	require.Equal(t, "postgres://u:"+secret(7)+"@h/d", c.Database.ReplicaURLs[1].Reveal())

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", c)
		fmt.Fprintf(&out, verb+"\n", &c)
	}
	text, err := json.Marshal(c)
	require.NoError(t, err)
	out.Write(text)
	slog.New(slog.NewTextHandler(&out, nil)).Info("started", "key", c.APIKey, "config", c)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("started", "key", c.APIKey, "config", c)
	require.NotContains(t, out.String(), "hush")
	require.NotContains(t, out.String(), fmt.Sprintf("%x", "hush"))
	require.Contains(t, out.String(), "key=…")
	require.Equal(t, "[][…]", fmt.Sprintf("[%v][%v]", Secret(""), Secret("x")))
}
