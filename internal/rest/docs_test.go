package rest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// schema is the part of JSON Schema that the document uses.
type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Format     string
	Enum       []any
	Properties map[string]*schema
	Required   []string
	Items      *schema
	Closed     *bool `json:"additionalProperties"`
}

type operation struct {
	Parameters []struct {
		Name, In, Description string
		Required              bool
	}
	Security  []map[string][]string
	Responses map[string]struct {
		Content map[string]struct{ Schema *schema }
	}
}

type document struct {
	OpenAPI    string `json:"openapi"`
	Info       struct{ Title, Version string }
	Paths      map[string]struct{ Get *operation }
	Components struct {
		Schemas         map[string]*schema
		SecuritySchemes map[string]struct{ Type, In, Name, Scheme string }
	}
}

// misfit says in what way a value is not what the schema describes; empty where it is.
func (d document) misfit(s *schema, v any, at string) string {
	if s.Ref != "" {
		s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	if s == nil {
		return at + ": the schema refers to nothing"
	}
	if s.Type == nil { // anything
		return ""
	}
	types := fmt.Sprint(s.Type)
	if v == nil {
		return when(!strings.Contains(types, "null"), at+": null is not described")
	}
	if s.Enum != nil && !slices.Contains(s.Enum, v) {
		return fmt.Sprintf("%s: %v is not in %v", at, v, s.Enum)
	}
	switch v := v.(type) {
	case string:
		_, err := time.Parse(time.RFC3339, v)
		return when(!strings.Contains(types, "string") || s.Format == "date-time" && err != nil, at+": is no "+types+" "+s.Format)
	case float64:
		return when(!strings.Contains(types, "number") && !strings.Contains(types, "integer"), at+": is no "+types)
	case bool:
		return when(!strings.Contains(types, "boolean"), at+": is no "+types)
	case []any:
		for i, item := range v {
			if m := d.misfit(s.Items, item, fmt.Sprintf("%s[%d]", at, i)); m != "" {
				return m
			}
		}
		return when(types != "array", at+": is no "+types)
	}
	return d.misfitObject(s, v.(map[string]any), at)
}

func (d document) misfitObject(s *schema, v map[string]any, at string) string {
	for _, name := range s.Required {
		if _, there := v[name]; !there {
			return at + "." + name + ": is missing"
		}
	}
	for name, value := range v {
		property := s.Properties[name]
		if property == nil {
			return at + "." + name + ": is not described"
		}
		if m := d.misfit(property, value, at+"."+name); m != "" {
			return m
		}
	}
	return when(s.Closed == nil || *s.Closed, at+": is open to other fields")
}

func when(condition bool, text string) string {
	if condition {
		return text
	}
	return ""
}

func TestOpenAPIDescribesWhatIsAnswered(t *testing.T) {
	store := seed(t)
	ingest(t, store, "csv", eventful())
	h := service(store, io.Discard)
	doc := ok[document](t, get(t, h, "/openapi.json"))
	require.Equal(t, []string{"3.1.0", "Kasparro", "1"}, []string{doc.OpenAPI, doc.Info.Title, doc.Info.Version})
	require.Equal(t, []string{"/compare-runs", "/data", "/health", "/livez", "/readyz", "/runs", "/stats"},
		slices.Sorted(maps.Keys(doc.Paths)))
	require.Equal(t, "x-api-key", doc.Components.SecuritySchemes["ApiKey"].Name)

	gone := service(away(t), io.Discard)
	for _, c := range []struct {
		target  string
		handler http.Handler
	}{
		{"/data", h}, {"/data?limit=0", h}, {"/data", gone}, {"/stats", h}, {"/stats", gone}, {"/runs", h}, {"/runs?x=1", h},
		{"/compare-runs?run1=run_1&run2=run_4", h}, {"/compare-runs?run1=run_1&run2=run_9", h}, {"/compare-runs", h},
		{"/health", h}, {"/health", gone}, {"/livez", h}, {"/readyz", h}, {"/readyz", gone},
	} {
		a := get(t, c.handler, c.target)
		path, _, _ := strings.Cut(c.target, "?")
		described, there := doc.Paths[path].Get.Responses[fmt.Sprint(a.StatusCode)]
		require.True(t, there, "%s answers %d", c.target, a.StatusCode)
		content := described.Content[a.Header.Get("Content-Type")]
		require.NotNil(t, content.Schema, "%s: %s", c.target, a.Header.Get("Content-Type"))
		var v any
		require.NoError(t, json.Unmarshal(a.body, &v))
		require.Empty(t, doc.misfit(content.Schema, v, c.target))
	}
}

func TestOpenAPIParametersAndKeys(t *testing.T) {
	doc := ok[document](t, get(t, service(newStore(t), io.Discard), "/openapi.json"))
	for path, want := range map[string]string{
		"/data": "source asset symbol from to page limit cursor", "/stats": "", "/runs": "limit source",
		"/compare-runs": "run1! run2!", "/health": "", "/livez": "", "/readyz": "",
	} {
		op := doc.Paths[path].Get
		var names []string
		for _, p := range op.Parameters {
			require.Equal(t, "query", p.In)
			require.NotEmpty(t, p.Description)
			names = append(names, p.Name+when(p.Required, "!"))
		}
		require.Equal(t, want, strings.Join(names, " "), path)
		keyed := !slices.Contains([]string{"/health", "/livez", "/readyz"}, path)
		require.Equal(t, keyed, len(op.Security) == 2, path)
	}
}

var reference = regexp.MustCompile(`(?:src|href)="([^"]*)"`)

func TestDocsWorkWithoutANetwork(t *testing.T) {
	h := service(newStore(t), io.Discard)
	for _, path := range []string{"/docs", "/docs/"} {
		page := get(t, h, path)
		require.Equal(t, http.StatusOK, page.StatusCode)
		require.Contains(t, page.Header.Get("Content-Type"), "text/html")
		require.NotRegexp(t, `<script(?: [^>]*)?>[^<]`, string(page.body), "a script in the page, which the policy forbids")
		require.Contains(t, page.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self';")
		require.NotContains(t, page.Header.Get("Content-Security-Policy"), "unsafe")
		require.Contains(t, string(get(t, h, "/docs/start.js").body), "url: '/openapi.json'")
		references := reference.FindAllStringSubmatch(string(page.body), -1)
		require.Len(t, references, 4)
		for _, found := range references {
			require.True(t, strings.HasPrefix(found[1], "/docs/"), found[1])
			asset := get(t, h, found[1])
			require.Equal(t, http.StatusOK, asset.StatusCode, found[1])
			require.NotEmpty(t, asset.body, found[1])
			require.Contains(t, asset.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self';")
		}
	}
}
