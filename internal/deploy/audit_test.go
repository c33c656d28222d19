//go:build audit

package deploy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/apikey"
)

func (c *checkout) write(name, text string) {
	c.t.Helper()
	require.NoError(c.t, os.MkdirAll(filepath.Dir(filepath.Join(c.dir, name)), 0o755))
	require.NoError(c.t, os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600))
}

// A key of ours is found where it is not committed yet, and where it was and is no more; what git ignores is left alone.
func TestAuditFindsKeys(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	commit := func() {
		c.run("git", "add", "--all")
		c.run("git", "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "--message=x")
	}
	c.run("git", "init", "--quiet")
	commit()
	_, key := apikey.New()
	c.write(".env", "API_KEY="+key)
	c.run("make", "secrets")

	c.write("notes.txt", "the key is "+key)
	requireFound := func(where string) {
		t.Helper()
		said, err := c.attempt("make", "secrets")
		require.Error(t, err)
		require.Regexp(t, `RuleID:\s+kasparro-api-key`, said)
		require.Contains(t, said, where)
		require.NotContains(t, said, key)
	}
	requireFound("notes.txt")
	commit()
	require.NoError(t, os.Remove(filepath.Join(c.dir, "notes.txt")))
	commit()
	requireFound("notes.txt")
}

// A vulnerability that the database knows, in a function that is called, fails; where there is no database nothing is
// known, and that is said.
func TestAuditFindsVulnerabilities(t *testing.T) {
	t.Parallel()
	c := &checkout{t: t, dir: t.TempDir(), env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}}
	for _, name := range []string{"Makefile", "go.sum", ".github/tools/audit"} {
		c.bring(name)
	}
	c.write("go.mod", "module example.com/small\n\ngo 1.26.0\n\nrequire github.com/google/uuid v1.6.0\n")
	c.write("main.go", "package main\n\nimport \"github.com/google/uuid\"\n\nfunc main() { println(uuid.NewString()) }\n")
	c.write("db/index/db.json", `{"modified":"2026-01-01T00:00:00Z"}`)
	c.write("db/index/modules.json", `[{"path":"github.com/google/uuid","vulns":[{"id":"GO-2026-9999","modified":"2026-01-01T00:00:00Z"}]}]`)
	c.write("db/ID/GO-2026-9999.json", `{"schema_version":"1.3.1","id":"GO-2026-9999","modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z",
		"summary":"Planted","details":"Planted","database_specific":{"url":"https://example.com"},"affected":[{"package":{"name":"github.com/google/uuid","ecosystem":"Go"},
		"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],
		"ecosystem_specific":{"imports":[{"path":"github.com/google/uuid","symbols":["NewString"]}]}}]}`)

	said, err := c.attempt("make", "vulnerabilities", "VULNDB=file://"+filepath.Join(c.dir, "db"))
	require.Error(t, err)
	require.Contains(t, said, "GO-2026-9999")
	require.Contains(t, said, "main.go:5")

	c.env = append(c.env, "VULNDB=http://127.0.0.1:1")
	said = c.run("sh", "-c", "make vulnerabilities 2>&1")
	require.Contains(t, said, "NOT LOOKED FOR: known vulnerabilities of Go modules: http://127.0.0.1:1 cannot be reached.")
	c.env = append(c.env, "GITHUB_ACTIONS=true")
	said, err = c.attempt("make", "vulnerabilities")
	require.Error(t, err, said)
}

// unread are modules whose licence is not recognised, with what it is.
var unread = map[string]string{"github.com/tmthrgd/go-hex": "BSD-3-Clause"}

// fit are licences under which what we distribute may be a part of it, with its notice beside it. golang.org/x is under
// BSD-3-Clause, which is taken for its sibling.
var fit = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-Source-Code", "ISC", "MIT", "MPL-2.0", "PSF-2.0"}

// Every part of the program and of its page is in the bills of materials that `make sbom` has written, under a licence that fits.
func TestAuditLicences(t *testing.T) {
	t.Parallel()
	for file, part := range map[string]string{"kasparro.cdx.json": "github.com/jackc/pgx/v5", "playground.cdx.json": "graphiql"} {
		var bill struct {
			BomFormat  string
			Components []struct {
				Name     string
				Licenses []licence
				Evidence struct{ Licenses []licence }
			}
		}
		text, err := os.ReadFile(filepath.Join(root(t), "bin", file))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &bill))
		require.Equal(t, "CycloneDX", bill.BomFormat)
		var names []string
		for _, c := range bill.Components {
			names = append(names, c.Name)
			found := slices.Concat(c.Licenses, c.Evidence.Licenses)
			if unread[c.Name] != "" {
				require.Empty(t, found, "%s is recognised now", c.Name)
				continue
			}
			require.NotEmpty(t, found, c.Name)
			for _, l := range found {
				for id := range strings.SplitSeq(l.License.ID+l.Expression, " AND ") {
					require.Contains(t, fit, id, c.Name)
				}
			}
		}
		require.Contains(t, names, part)
	}
}

type licence struct {
	License    struct{ ID string }
	Expression string
}
