package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDotEnv(t *testing.T) {
	c, err := load(t, nil, "# keys\nexport API_KEY=\"abcdefghijklmnop\" # mine\n\nETL_SCHEDULE='1 * * * *'\nOTHER=x\nDATA_DIR=d\n")
	require.NoError(t, err)
	require.Equal(t, "abcdefghijklmnop", c.APIKey.Reveal())
	require.Equal(t, map[string]string{"csv": "1 * * * *"}, c.Schedules("csv"))
	require.Equal(t, "d", filepath.Base(c.DataDir))

	for text, line := range map[string]string{
		"PORT=1\nnot a line\nAPI_KEY=hush-hush-hush-hush\n":        "line 2",
		"PORT=1\nA=\"two\nlines\"\nAPI_KEY='hush-hush-hush\nB=1\n": "line 4",
		"hush": "line 1",
	} {
		_, err := load(t, nil, text)
		problem := onlyProblem(t, err)
		require.Equal(t, ".env", problem.Variable)
		require.Equal(t, "something else in "+line, problem.Given)
		require.NotContains(t, err.Error(), "hush")
	}

	_, err = load(t, nil, "ETL_SCHEDULE_FOO=@daily\n")
	require.Equal(t, "ETL_SCHEDULE_FOO", onlyProblem(t, err).Variable)
}

func TestDotEnvThatCannotBeRead(t *testing.T) {
	_, err := load(t, nil, "")
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(".env", 0o700))
	_, err = Flags{}.Load()
	require.Equal(t, Problem{".env", "one that cannot be read: is a directory", "a readable file, or none"}, onlyProblem(t, err))
}
