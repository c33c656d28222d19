package backup

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
)

// libpq are the parameters of a URL that PostgreSQL's own programs need to get there. Our driver takes any setting of a session for
// one as well; theirs do not.
var libpq = []string{"host", "port", "user", "dbname", "connect_timeout", "passfile", "service", "servicefile", "sslmode", "sslcert", "sslkey", "sslrootcert",
	"sslsni", "krbsrvname", "krbspn", "target_session_attrs", "options"}

// separate parts what may be seen in the list of processes from what may not: the URL without its password, and the environment
// with it.
func separate(address string) (shown string, env []string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", nil, fmt.Errorf("the URL of the database cannot be read") // the error shows it
	}
	query := u.Query()
	password, has := u.User.Password()
	if query.Has("password") {
		password, has = query.Get("password"), true
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	for name := range query {
		if !slices.Contains(libpq, name) {
			query.Del(name)
		}
	}
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20") // which libpq does not take for a space
	return u.String(), environment(password, has), nil
}

// environment is what of ours PostgreSQL's programs are given: where things are found, and what our driver heeds, too.
func environment(password string, has bool) []string {
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if slices.Contains([]string{"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"}, name) || (strings.HasPrefix(name, "PG") && (name != "PGPASSWORD" || !has)) {
			env = append(env, v)
		}
	}
	if has {
		env = append(env, "PGPASSWORD="+password)
	}
	return env
}
