package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// exposure is what `systemd-analyze security` may give a unit at most, of 100.
const exposure = "20"

// unit reads a file of the guide: its directives by name, with all that each is given.
func unit(t *testing.T, name string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(files, name))
	require.NoError(t, err)
	directives := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			directives[key] = append(directives[key], value)
		}
	}
	return directives
}

// The units are what systemd understands, start a program that there is, as nobody much, and may do next to nothing.
func TestUnits(t *testing.T) {
	t.Parallel()
	path, err := binary()
	require.NoError(t, err)
	dir := t.TempDir()
	for _, name := range []string{"kasparro.service", "kasparro-ingest.service", "kasparro-ingest.timer", "kasparro-backup.service", "kasparro-backup.timer"} {
		text, err := os.ReadFile(filepath.Join(files, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(string(text), "/usr/local/bin/kasparro", path)), 0o600))
	}
	service, once, nightly := unit(t, "kasparro.service"), unit(t, "kasparro-ingest.service"), unit(t, "kasparro-backup.service")
	for _, same := range []string{"User", "EnvironmentFile", "ProtectSystem", "CapabilityBoundingSet", "SystemCallFilter", "RestrictAddressFamilies", "UMask"} {
		require.NotEmpty(t, service[same], same)
		require.Equal(t, service[same], once[same], same)
		require.Equal(t, service[same], nightly[same], same)
	}
	for _, same := range []string{"User", "EnvironmentFile", "StateDirectory", "StateDirectoryMode", "WorkingDirectory"} {
		require.Contains(t, guideBlock(t, "kasparro() {\n  systemd-run"), "-p "+same+"="+nightly[same][0]+" ", "one settings file, one user and one folder for commands, too")
	}
	dropIn := regexp.MustCompile(`(?m)^(install -d|printf) .*$`).FindAllString(guideBlock(t, "install -m 644 .github/deploy/kasparro-ingest"), -1)
	script := strings.NewReplacer("/etc/systemd/system", dir, "/usr/local/bin/kasparro", path).Replace(strings.Join(dropIn, "\n"))
	require.NoError(t, exec.CommandContext(t.Context(), "bash", "-c", script).Run())
	require.FileExists(t, filepath.Join(dir, "kasparro.service.d", "no-scheduler.conf"))
	require.Empty(t, service["StandardError"], "the log goes to the journal")
	require.Equal(t, []string{"2"}, service["RestartPreventExitStatus"], "the exit code of wrong settings")
	require.Equal(t, []string{"3"}, once["SuccessExitStatus"], "the exit code of a run that was done in part")
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return // what follows is for systemd to say
	}
	for _, arguments := range [][]string{
		{"verify", "./kasparro.service", "./kasparro-ingest.service", "./kasparro-ingest.timer", "./kasparro-backup.service", "./kasparro-backup.timer"},
		{"security", "--no-pager", "--offline=yes", "--threshold=" + exposure, "./kasparro.service", "./kasparro-ingest.service", "./kasparro-backup.service"},
	} {
		cmd := exec.CommandContext(t.Context(), analyze, arguments...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		if arguments[0] == "verify" {
			require.Empty(t, string(out))
		}
	}
}
