package playground

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

const script = "console.log('a script long enough to be worth the packing')"

// built is a bundle as build.mjs leaves it, in small.
func built(t *testing.T) fstest.MapFS {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write([]byte(script))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return fstest.MapFS{
		"dist/.gitkeep":               {},
		"dist/index.html":             {Data: []byte(`<script src="/playground/assets/main-1.js"></script>`)},
		"dist/assets/main-1.js.gz":    {Data: packed.Bytes()},
		"dist/assets/main-1.css.gz":   {Data: packed.Bytes()},
		"dist/assets/notices.txt.gz":  {Data: packed.Bytes()},
		"dist/assets/favicon.svg.gz":  {Data: packed.Bytes()},
		"dist/assets/codicons.ttf.gz": {Data: packed.Bytes()},
	}
}

func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	return do(h, http.MethodGet, target, header...)
}

func do(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestBareCloneSaysWhatMakesThePlayground(t *testing.T) {
	h := newHandler(fstest.MapFS{"dist/.gitkeep": {}})

	w := get(h, "/playground")

	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	require.Equal(t, "no-cache", w.Header().Get("Cache-Control"))
	require.Contains(t, w.Body.String(), "make build")
	require.Equal(t, http.StatusNotFound, get(h, "/playground/assets/main-1.js").Code)
}

func TestPageIsServedAndNotKept(t *testing.T) {
	h := newHandler(built(t))

	w := get(h, "/playground?query=%7Bhealth%7Bstatus%7D%7D")

	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	require.Equal(t, "no-cache", w.Header().Get("Cache-Control"))
	require.Contains(t, w.Body.String(), "main-1.js")
	require.Equal(t, http.StatusOK, do(h, http.MethodHead, "/playground").Code)
}

func TestAssetsAreKeptForGood(t *testing.T) {
	h := newHandler(built(t))
	for name, contentType := range map[string]string{
		"main-1.js":   "application/javascript",
		"main-1.css":  "text/css; charset=utf-8",
		"favicon.svg": "image/svg+xml",
		"notices.txt": "text/plain; charset=utf-8",
	} {
		t.Run(name, func(t *testing.T) {
			w := get(h, assetPath+name)
			require.Equal(t, http.StatusOK, w.Code)
			require.Equal(t, contentType, w.Header().Get("Content-Type"))
			require.Equal(t, "public, max-age=31536000, immutable", w.Header().Get("Cache-Control"))
			require.Equal(t, "Accept-Encoding", w.Header().Get("Vary"))
			require.Equal(t, script, w.Body.String(), "a client without gzip gets it unpacked")
		})
	}
}

func TestAssetsArePackedForWhoTakesThem(t *testing.T) {
	w := get(newHandler(built(t)), assetPath+"main-1.js", "Accept-Encoding", "gzip, br")

	require.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
	unpacked, err := gzip.NewReader(w.Body)
	require.NoError(t, err)
	body, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	require.Equal(t, script, string(body))
}

func TestNothingElseIsServed(t *testing.T) {
	h := newHandler(built(t))
	for _, target := range []string{
		"/playground/assets/", "/playground/assets/gone.js", "/playground/assets/x/main-1.js",
		"/playground/.gitkeep", "/playground/index.html", "/playground/dist/index.html", "/",
	} {
		t.Run(target, func(t *testing.T) {
			w := get(h, target)
			require.Equal(t, http.StatusNotFound, w.Code)
			require.Empty(t, w.Header().Get("Cache-Control"), "a 404 must not be kept for a year")
		})
	}
	require.Equal(t, http.StatusMethodNotAllowed, do(h, http.MethodPost, "/playground").Code)
}

func TestTrailingSlashLeadsToThePageWithItsQuery(t *testing.T) {
	w := get(newHandler(built(t)), "/playground/?query=%7Bhealth%7Bstatus%7D%7D")

	require.Equal(t, http.StatusMovedPermanently, w.Code)
	require.Equal(t, "/playground?query=%7Bhealth%7Bstatus%7D%7D", w.Header().Get("Location"))
	require.Equal(t, "/playground", get(newHandler(built(t)), "http://elsewhere.example/playground/").Header().Get("Location"))
}

func TestPolicyIsOnEveryAnswer(t *testing.T) {
	for _, files := range []fs.ReadDirFS{built(t), fstest.MapFS{"dist/.gitkeep": {}}} {
		h := newHandler(files)
		for _, target := range []string{"/playground", "/playground/", assetPath + "main-1.js", assetPath + "gone.js"} {
			header := get(h, target).Header()
			policy := header.Get("Content-Security-Policy")
			require.Contains(t, policy, "default-src 'none';", target)
			require.Contains(t, policy, "script-src 'self';", target)
			require.NotContains(t, policy, "http", "%s: no other host is allowed", target)
			require.NotContains(t, policy, "unsafe-eval", target)
			require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), target)
			require.Equal(t, "no-referrer", header.Get("Referrer-Policy"), target)
		}
	}
}

var (
	reference    = regexp.MustCompile(`(?:src|href)="([^"]*)"`)
	scriptTag    = regexp.MustCompile(`(?is)<script([^>]*)>(.*?)</script>`)
	inlineAction = regexp.MustCompile(`(?i)\son[a-z]+=|javascript:|<style`)
)

// TestEmbeddedBundle looks at what this very binary holds: the bundle where it was built, the placeholder in a
// bare clone.
func TestEmbeddedBundle(t *testing.T) {
	w := get(Handler(), "/playground")
	if _, err := fs.Stat(dist, "dist/index.html"); err != nil {
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		return
	}
	require.Equal(t, http.StatusOK, w.Code)
	page := w.Body.String()
	require.NotContains(t, page, "{{", "every placeholder is filled in")
	require.NotRegexp(t, inlineAction, page)
	for _, tag := range scriptTag.FindAllStringSubmatch(page, -1) {
		require.Contains(t, tag[1], "src=", "no inline script")
		require.Empty(t, strings.TrimSpace(tag[2]), "no inline script")
	}
	references := reference.FindAllStringSubmatch(page, -1)
	require.GreaterOrEqual(t, len(references), 4, "icon, styles, licences and script")
	for _, found := range references {
		require.True(t, strings.HasPrefix(found[1], assetPath), "%s is not one of our assets", found[1])
		require.Equal(t, http.StatusOK, get(Handler(), found[1]).Code, found[1])
	}
}

// TestEmbeddedScriptsFindTheirParts follows every name of an asset that a script of the bundle holds: the
// workers and the chunks that are loaded late.
func TestEmbeddedScriptsFindTheirParts(t *testing.T) {
	part := regexp.MustCompile(`["'](?:\./|/playground/assets/)([\w-]+-[A-Z0-9]{8}\.(?:js|css))["']`)
	scripts, err := fs.Glob(dist, "dist/assets/*.js.gz")
	require.NoError(t, err)
	for _, name := range scripts {
		w := get(Handler(), "/playground"+strings.TrimSuffix(strings.TrimPrefix(name, "dist"), ".gz"))
		require.Equal(t, http.StatusOK, w.Code, name)
		for _, found := range part.FindAllStringSubmatch(w.Body.String(), -1) {
			require.Equal(t, http.StatusOK, get(Handler(), assetPath+found[1]).Code, "%s wants %s", name, found[1])
		}
	}
}
