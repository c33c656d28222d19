package config

import (
	"cmp"
	"log/slog"
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
		CoinPaprika: r.coinPaprika(f),
		CoinGecko:   r.coinGecko(f),
		CSVPath:     r.glob("CSV_PATH", f.CSVPath),
		schedule:    r.schedule("ETL_SCHEDULE", f.ETLSchedule),
		schedules:   r.ownSchedules(f, dotEnv),
		LogLevel:    r.level("LOG_LEVEL", f.LogLevel),
		LogFormat:   r.oneOf("LOG_FORMAT", f.LogFormat, "", formatText, formatJSON),
	}
	if len(r.problems) > 0 {
		return Config{}, &Error{Problems: r.problems}
	}
	return c, nil
}

func (r *reader) coinPaprika(f Flags) CoinPaprika {
	key := r.key("COINPAPRIKA_API_KEY", f.CoinPaprikaAPIKey)
	live := coinPaprikaFree
	if key != "" {
		live = coinPaprikaPaid
	}
	return CoinPaprika{
		APIKey:  key,
		BaseURL: r.baseURL("COINPAPRIKA_BASE_URL", cmp.Or(f.CoinPaprikaBaseURL, live)),
	}
}

func (r *reader) coinGecko(f Flags) CoinGecko {
	return CoinGecko{
		APIKey:  r.key("COINGECKO_API_KEY", f.CoinGeckoAPIKey),
		BaseURL: r.baseURL("COINGECKO_BASE_URL", f.CoinGeckoBaseURL),
		Pages:   r.number("COINGECKO_PAGES", f.CoinGeckoPages, 1, 1000),
	}
}

func (r *reader) level(variable, value string) slog.Level {
	var level slog.Level
	if r.oneOf(variable, value, "debug", "info", "warn", "error") != "" {
		_ = level.UnmarshalText([]byte(value)) // the four names are slog's own
	}
	return level
}
