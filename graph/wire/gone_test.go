package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
)

// What is being executed is told, and so can stop.
func TestTheClientGoesAwayMeanwhile(t *testing.T) {
	w := newWorld(t)
	running, told := make(chan struct{}), make(chan error, 1)
	w.answer = func(ctx context.Context) *graphql.Response {
		close(running)
		<-ctx.Done()
		told <- ctx.Err()
		return &graphql.Response{Data: json.RawMessage(`null`)}
	}
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.URL+"/?query={any}", nil)
	require.NoError(t, err)
	go func() {
		<-running
		leave()
	}()
	_, err = w.Client().Do(req)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, <-told, context.Canceled)
}

func TestTheClientHasGoneAlready(t *testing.T) {
	w := newWorld(t)
	heard := w.listens()
	ctx, leave := context.WithCancel(t.Context())
	leave()
	got := httptest.NewRecorder()
	w.ServeHTTP(got, httptest.NewRequest(http.MethodGet, "/?query={any}", nil).WithContext(ctx))
	require.Empty(t, got.Body.String())
	require.Empty(t, heard.RawQuery, "nothing is run")
}

// unheard takes headers and fails to send anything of a body.
type unheard struct {
	*httptest.ResponseRecorder

	tries int
}

func (u *unheard) Write([]byte) (int, error) {
	u.tries++
	return 0, errors.New("broken pipe")
}

func TestNobodyHearsTheAnswer(t *testing.T) {
	w := newWorld(t)
	got := &unheard{ResponseRecorder: httptest.NewRecorder()}
	w.ServeHTTP(got, httptest.NewRequest(http.MethodGet, "/?query={any}", nil))
	require.Equal(t, 1, got.tries, "the rest is not tried")
}
