package apikey_test

import (
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/apikey"
)

func TestAKeyTellsWhoseItIsAndWhetherItIsOne(t *testing.T) {
	ids := map[string]bool{}
	for range 1000 {
		id, text := apikey.New()
		require.Regexp(t, `^kasparro_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$`, text)
		found, ok := apikey.Parse(text)
		require.True(t, ok)
		require.Equal(t, id, found)
		require.False(t, ids[id])
		ids[id] = true
		require.Equal(t, sha256.Sum256([]byte(text)), apikey.Digest(text))
	}
}

// The check is the CRC-32 of all before it, to the base of 62: big.Int writes its digits in the other case.
func TestTheCheckOfAKey(t *testing.T) {
	for range 1000 {
		_, text := apikey.New()
		body, check := text[:54], text[54:]
		swapped := strings.Map(func(r rune) rune {
			if r >= 'a' {
				return r - 'a' + 'A'
			}
			return r + map[bool]rune{true: 'a' - 'A'}[r >= 'A']
		}, check)
		n, ok := new(big.Int).SetString(swapped, 62)
		require.True(t, ok)
		require.EqualValues(t, crc32.ChecksumIEEE([]byte(body)), n.Uint64())
	}
}

// Whatever one character is changed, what is left is none: so a scanner knows what it has found.
func TestWhatOnlyLooksLikeAKey(t *testing.T) {
	_, text := apikey.New()
	for i := range text {
		for _, c := range []byte("0aZ_-") {
			changed := []byte(text)
			if changed[i] == c {
				continue
			}
			changed[i] = c
			_, ok := apikey.Parse(string(changed))
			require.False(t, ok, "%s", changed)
		}
	}
	for _, other := range []string{"", "kasparro_", text[1:], text[:len(text)-1], text + "0", " " + text, text + "\n", strings.ToUpper(text), "an-old-key"} {
		_, ok := apikey.Parse(other)
		require.False(t, ok, other)
	}
}

func TestAScannerFindsAKey(t *testing.T) {
	_, text := apikey.New()
	pattern := regexp.MustCompile(apikey.Pattern)
	for _, in := range []string{"%s", "curl -H 'x-api-key: %s' localhost", "API_KEY=%s\n", `{"key":"%s"}`, "https://x/?key=%s&b=1", "(%s).", "/%s/x"} {
		require.Equal(t, []string{text}, pattern.FindAllString(fmt.Sprintf(in, text), -1), in)
	}
	require.Empty(t, pattern.FindAllString("x"+text+" "+text+"x kasparro_commits", -1))
}

// around are texts that a key may stand in, or a part of it.
var around = []string{"%s", "\n%s", "\t%s", "x%s", "key_%s", "%s_x", "%sx", "/%s/", "%q", "kasparro_commits00000_%s", "é%sé", "%.58s", "%.30s"}

func TestLogsShowNoKey(t *testing.T) {
	id, text := apikey.New()
	_, second := apikey.New()
	for name, handler := range map[string]func(io.Writer) slog.Handler{
		"json": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
		"text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
	} {
		file, err := os.Create(filepath.Join(t.TempDir(), "log"))
		require.NoError(t, err)
		log := slog.New(handler(apikey.Redacted{File: file}))
		log.With("first", text).Error("got "+text, "path", "/"+text+"/"+second, "error", fmt.Errorf("no %q", second), "other", "kasparro_commits")
		for _, in := range around {
			log.Info("got "+fmt.Sprintf(in, second), "path", fmt.Sprintf(in, second))
		}
		require.NoError(t, file.Close())
		written, err := os.ReadFile(file.Name())
		require.NoError(t, err)
		out := string(written)
		require.NotContains(t, out, text[22:30], name)
		require.NotContains(t, out, second[22:30], name)
		require.Equal(t, 3, strings.Count(out, "kasparro_"+id+"_…"), out)
		require.Contains(t, out, "kasparro_commits")
	}
}

func TestATextHoldsAKey(t *testing.T) {
	id, text := apikey.New()
	for _, in := range around {
		require.True(t, apikey.Holds(fmt.Sprintf(in, text)), in)
	}
	for _, other := range []string{"", id, "kasparro_" + id, "kasparro_" + id + "_", "key_" + id, "kasparro_commits", text[22:]} {
		require.False(t, apikey.Holds(other), other)
	}
}
