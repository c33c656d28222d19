package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	repository = "kasparro/kasparro"
	image      = "ghcr.io/" + repository
	digest     = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)

// stand notes how it is called, with what would be in the image, and says of one that it is built.
const stand = `#!/bin/sh
echo "${0##*/} $* VERSION=$VERSION" >>"$CALLS"
case "$*" in *"buildx build"*) echo '{"containerimage.digest": "` + digest + `"}' >bin/image.json;; esac
`

// runner is a machine of GitHub's on which a tag was checked out. The engine and GitHub are stood in for.
type runner struct {
	t       *testing.T
	dir     string
	tools   string // where they are, and what they write
	env     []string
	outputs map[string]string // by "steps.ID.outputs.NAME" and "needs.JOB.outputs.NAME"
}

// newRunner has a commit on main with the tags v1.2.3-rc.1, which is annotated, and v1.2.3, and one beside main with v1.2.4.
func newRunner(t *testing.T, tag string) *runner {
	t.Helper()
	r := &runner{t: t, dir: t.TempDir(), tools: t.TempDir(), outputs: map[string]string{"github.token": "a token"}}
	for _, name := range []string{"docker", "gh"} {
		require.NoError(t, os.WriteFile(filepath.Join(r.tools, name), []byte(stand), 0o755))
	}
	r.env = []string{
		"PATH=" + r.tools + ":" + os.Getenv("PATH"), "HOME=" + r.tools, "CALLS=" + filepath.Join(r.tools, "calls"), "GITHUB_OUTPUT=" + filepath.Join(r.tools, "outputs"),
		"GITHUB_REF_NAME=" + tag, "GITHUB_REPOSITORY=" + repository, "GITHUB_ACTOR=somebody",
		"GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x@x.example", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x@x.example",
	}
	makefile, err := os.ReadFile(filepath.Join(root(t), "Makefile"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "Makefile"), makefile, 0o644))
	out, err := r.bash(`git init -q -b main && git add Makefile && git commit -qm one && git tag -m rc v1.2.3-rc.1 && git tag v1.2.3
		git update-ref refs/remotes/origin/main HEAD && git commit -q --allow-empty -m two && git tag v1.2.4 && git checkout -q "$GITHUB_REF_NAME"`, nil)
	require.NoError(t, err, out)
	return r
}

// bash runs a script as a step is run.
func (r *runner) bash(script string, env []string) (string, error) {
	cmd := exec.CommandContext(r.t.Context(), "bash", "-e", "-c", script)
	cmd.Dir, cmd.Env = r.dir, slices.Concat(r.env, env)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

var expression = regexp.MustCompile(`\$\{\{ (.*?) \}\}`)

// value is what a text with expressions comes to.
func (r *runner) value(text any) string {
	return expression.ReplaceAllStringFunc(fmt.Sprint(text), func(found string) string {
		name := expression.FindStringSubmatch(found)[1]
		require.Contains(r.t, r.outputs, name)
		return r.outputs[name]
	})
}

// run does what a job does, as far as it is scripts, and returns what actions are given.
func (r *runner) run(name string, j job) (actions map[string]map[string]string, err error) {
	actions = map[string]map[string]string{}
	for _, s := range j.Steps {
		given := map[string]string{}
		for key, text := range s.With {
			given[key] = r.value(text)
		}
		action, _, _ := strings.Cut(s.Uses, "@")
		actions[action] = given
		var env []string
		for key, text := range s.Env {
			env = append(env, key+"="+r.value(text))
		}
		if out, err := r.bash(s.Run, env); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", s.Run, err, out)
		}
		for line := range strings.Lines(r.read("outputs")) {
			output, text, _ := strings.Cut(strings.TrimSpace(line), "=")
			r.outputs["steps."+s.ID+".outputs."+output] = text
		}
	}
	for output, text := range j.Outputs {
		r.outputs["needs."+name+".outputs."+output] = r.value(text)
	}
	return actions, nil
}

// read returns what was written by the tools, and empties it.
func (r *runner) read(name string) string {
	r.t.Helper()
	file := filepath.Join(r.tools, name)
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return ""
	}
	require.NoError(r.t, err)
	require.NoError(r.t, os.Remove(file))
	return string(text)
}

// What is published is of the tag that was pushed, under one name, signed, and as it was built.
func TestATagIsPublished(t *testing.T) {
	t.Parallel()
	jobs := workflows(t)["ci.yml"].Jobs
	require.Contains(t, jobs["publish"].If, "github.repository == '"+repository+"'")
	for tag, flag := range map[string]string{"v1.2.3": "", "v1.2.3-rc.1": "--prerelease "} {
		t.Run(tag, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t, tag)
			actions, err := r.run("publish", jobs["publish"])
			require.NoError(t, err)
			require.Equal(t, map[string]string{
				"subject-name": image, "subject-digest": digest, "push-to-registry": "true", "create-storage-record": "false",
			}, actions["actions/attest-build-provenance"])
			calls := r.read("calls")
			require.Contains(t, calls, "docker login ghcr.io ")
			require.Regexp(t, "docker buildx build .*--platform linux/amd64,linux/arm64 .*--build-arg VERSION .*--tag "+image+":"+tag+
				" --output type=registry .* VERSION="+tag+"\n", calls)
			require.Contains(t, calls, "docker buildx imagetools inspect "+image+"@"+digest+" ")
			_, err = r.run("release", jobs["release"])
			require.NoError(t, err)
			require.Contains(t, r.read("calls"), "gh release create "+tag+" --repo "+repository+" --verify-tag "+flag+"--generate-notes --notes `docker pull "+image+"@"+digest+"` ")
		})
	}
}

func TestATagBesideMainIsNotPublished(t *testing.T) {
	t.Parallel()
	r := newRunner(t, "v1.2.4")
	_, err := r.run("publish", workflows(t)["ci.yml"].Jobs["publish"])
	require.ErrorContains(t, err, "v1.2.4 is not on main")
	require.Empty(t, r.read("calls"))
}
