package deploy_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

type workflow struct {
	Permissions map[string]string
	Jobs        map[string]job
}

type job struct {
	If          string
	Needs       any
	Permissions map[string]string
	Timeout     int `yaml:"timeout-minutes"`
	Steps       []step
	Outputs     map[string]string
}

type step struct {
	ID, Uses, Run string
	With          map[string]any
	Env           map[string]string
}

func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root(t), ".github", "workflows", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string]workflow{}
	for _, file := range files {
		var w workflow
		readYAML(t, file, &w)
		require.NotEmpty(t, w.Jobs, file)
		all[filepath.Base(file)] = w
	}
	return all
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, into), file)
}

var (
	pinned  = regexp.MustCompile(`^[\w-]+/[\w./-]+@[0-9a-f]{40}$`)
	noted   = regexp.MustCompile(`(?m)^.*uses: .*$`)
	release = regexp.MustCompile(`@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	making  = regexp.MustCompile(`\bmake ([a-z][a-z -]*)`)
	made    = regexp.MustCompile(`(?m)^([a-z-]+):`)
)

// What others have written runs as it was when it was looked at, may do no more than it must, and is given nothing that
// a stranger has chosen.
func TestWorkflowsTrustLittle(t *testing.T) {
	for file, w := range workflows(t) {
		require.Equal(t, map[string]string{"contents": "read"}, w.Permissions, file)
		text, err := os.ReadFile(filepath.Join(root(t), ".github", "workflows", file))
		require.NoError(t, err)
		require.NotContains(t, string(text), "pull_request_target", file)
		require.NotContains(t, string(text), "secrets.", "%s: there is only the token of the run", file)
		for _, line := range noted.FindAllString(string(text), -1) {
			require.Regexp(t, release, line, "%s: says by name which version the commit is", file)
		}
		for name, job := range w.Jobs {
			require.Positive(t, job.Timeout, "%s %s", file, name)
			for _, step := range job.Steps {
				require.NotContains(t, step.Run, "${{", "%s %s: values come through the environment", file, name)
				if step.Uses == "" {
					continue
				}
				require.Regexp(t, pinned, step.Uses, "%s %s", file, name)
				if strings.HasPrefix(step.Uses, "actions/checkout@") {
					require.Equal(t, false, step.With["persist-credentials"], "%s %s", file, name)
				}
			}
		}
	}
}

// Nothing is published before everything else has passed, and who may write is who publishes.
func TestWorkflowPublishesWhatHasPassed(t *testing.T) {
	jobs := workflows(t)["ci.yml"].Jobs
	var checks []any
	for _, name := range slices.Sorted(maps.Keys(jobs)) {
		writes := slices.Contains(slices.Collect(maps.Values(jobs[name].Permissions)), "write")
		require.Equal(t, name == "publish" || name == "release", writes, name)
		if !writes {
			require.Empty(t, jobs[name].If, "%s runs whenever anything does", name)
			checks = append(checks, name)
		}
	}
	require.ElementsMatch(t, checks, jobs["publish"].Needs)
	require.Contains(t, jobs["publish"].If, "github.ref_type == 'tag'")
	require.Equal(t, "publish", jobs["release"].Needs)
	require.Equal(t, map[string]string{"contents": "write"}, jobs["release"].Permissions)
}

// What workflows run is in the Makefile, and they run all of it that has to hold.
func TestWorkflowsRunTheMakefile(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "Makefile"))
	require.NoError(t, err)
	var targets []string
	for _, found := range made.FindAllStringSubmatch(string(text), -1) {
		targets = append(targets, found[1])
	}
	run := map[string]bool{}
	for file, w := range workflows(t) {
		for _, job := range w.Jobs {
			for _, step := range job.Steps {
				for _, found := range making.FindAllStringSubmatch(step.Run, -1) {
					for target := range strings.FieldsSeq(found[1]) {
						run[file+" "+target] = true
						require.Contains(t, targets, target, file)
					}
				}
			}
		}
	}
	for file, all := range map[string][]string{"ci.yml": {"verify", "lint", "cover", "audit", "image-test", "image"}, "nightly.yml": {"chaos", "audit"}} {
		for _, target := range all {
			require.True(t, run[file+" "+target], "%s does not run make %s", file, target)
		}
	}
}
