package config

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

const databaseRule = "postgres://USER:PASSWORD@HOST:PORT/DATABASE, with %XX for special characters in the password"

// database reads which PostgreSQL to use. POSTGRES_* are looked at only where they count: where
// DATABASE_URL is given they may belong to something else.
func (r *reader) database(f Flags) Database {
	d := Database{URL: r.databaseURL("DATABASE_URL", f.DatabaseURL, "")}
	if f.DatabaseURL == "" && f.PostgresHost != "" {
		d.URL = r.composeURL(f)
	}
	d.DirectURL = r.databaseURL("DATABASE_DIRECT_URL", f.DatabaseDirectURL, "")
	if f.DatabaseDirectURL != "" && f.DatabaseURL == "" && f.PostgresHost == "" {
		r.refuse("DATABASE_DIRECT_URL", "a way past a pooler that is not named",
			"only together with DATABASE_URL or POSTGRES_HOST, which name the pooler")
	}
	d.ReplicaURLs = r.replicas("DATABASE_REPLICA_URLS", f.DatabaseReplicaURLs)
	d.ReplicaMaxLag = r.duration("DATABASE_REPLICA_MAX_LAG", f.DatabaseReplicaMaxLag, 2*time.Second, time.Hour)
	if f.DatabaseReplicaURLs != "" && f.DatabaseURL == "" && f.PostgresHost == "" {
		r.refuse("DATABASE_REPLICA_URLS", "replicas without their primary",
			"only together with DATABASE_URL or POSTGRES_HOST: the embedded PostgreSQL has no replicas")
	}
	return d
}

// databaseURL checks a URL. An empty one is allowed. The place tells which of several it is.
func (r *reader) databaseURL(variable, value, place string) Secret {
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	ok := err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") &&
		(u.Host != "" || u.Query().Has("host")) &&
		u.Fragment == "" // a # in a password, not written as %23, cuts the URL off
	if !ok {
		r.refuse(variable, place+schemeOnly(value), databaseRule)
		return ""
	}
	return Secret(value)
}

func (r *reader) replicas(variable, value string) []Secret {
	if value == "" {
		return nil
	}
	var urls []Secret
	entries := strings.Split(value, ",")
	for i, entry := range entries {
		entry = strings.TrimSpace(entry)
		place := fmt.Sprintf("as entry %d of %d ", i+1, len(entries))
		if entry == "" {
			r.refuse(variable, place+nothing, databaseRule)
			continue
		}
		urls = append(urls, r.databaseURL(variable, entry, place))
	}
	return urls
}

// composeURL makes the URL of POSTGRES_*. A host that begins with a slash is the directory of a socket.
func (r *reader) composeURL(f Flags) Secret {
	port := fmt.Sprint(r.number("POSTGRES_PORT", f.PostgresPort, 1, 65535))
	u := url.URL{Scheme: "postgres", Path: "/" + f.PostgresDB}
	if strings.HasPrefix(f.PostgresHost, "/") {
		u.RawQuery = url.Values{"host": {f.PostgresHost}, "port": {port}}.Encode()
	} else {
		u.Host = net.JoinHostPort(r.host("POSTGRES_HOST", f.PostgresHost), port)
	}
	u.User = url.User(f.PostgresUser)
	if f.PostgresPassword != "" {
		u.User = url.UserPassword(f.PostgresUser, f.PostgresPassword)
	}
	if f.PostgresUser == "" {
		r.refuse("POSTGRES_USER", nothing, "the user's name, as POSTGRES_HOST is given")
	}
	if f.PostgresDB == "" {
		r.refuse("POSTGRES_DB", nothing, "the database's name, as POSTGRES_HOST is given")
	}
	return Secret(u.String())
}
