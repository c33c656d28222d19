package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const news = `subscription { recordAdded(filter: {source: ["coingecko"]}) { id asset { slug listings { externalId } } } }`

// toldRecord is what a subscriber is told of a record.
type toldRecord struct {
	Data struct {
		RecordAdded struct {
			ID    string
			Asset struct{ Slug string }
		}
	}
}

// heard hands over the data of the first event of a subscription that is asked for by GET.
func (s *apiOnly) heard(ctx context.Context, subscription string) <-chan string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/graphql?query="+url.QueryEscape(subscription), nil)
	require.NoError(s.t, err)
	request.Header.Set("X-Api-Key", testKey)
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, response.StatusCode)
	first := make(chan string, 1)
	go func() {
		defer response.Body.Close()
		defer close(first)
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				first <- data
				return
			}
		}
	}()
	return first
}

// heardOver is heard over a socket.
func (s *apiOnly) heardOver(t *testing.T, subscription string) <-chan string {
	conn := connect(t, s.base, testKey)
	require.NoError(t, conn.WriteJSON(map[string]any{"type": "subscribe", "id": "a", "payload": map[string]string{"query": subscription}}))
	require.NoError(t, conn.WriteJSON(map[string]any{"type": "ping"}))
	await := func(kind string) (payload json.RawMessage, err error) {
		for {
			var said struct {
				Type    string
				Payload json.RawMessage
			}
			if err := conn.ReadJSON(&said); err != nil || said.Type == kind {
				return said.Payload, err
			}
		}
	}
	_, err := await("pong")
	require.NoError(t, err)
	first := make(chan string, 1)
	go func() {
		defer close(first)
		if payload, err := await("next"); err == nil {
			first <- string(bytes.TrimSpace(payload))
		}
	}()
	return first
}

// Whoever is told of a record finds it, however it was told and however it is asked for, though no standby has it yet. So does whoever
// has written something, and whoever has kept an answer from before.
func (r *readers) toldIsFound(t *testing.T) {
	const newest = "/data?limit=1&source=coingecko"
	all := "/graphql?query=" + url.QueryEscape(`{ records(first: 1, filter: {source: ["coingecko"]}) { totalCount nodes { id } } }`)
	r.ingest()
	for _, s := range r.standbys {
		s.Pause()
		defer s.Resume()
	}
	kept := map[string]string{}
	for _, target := range []string{newest, all} {
		status, tag, _ := tagOf(t, r.base+target, "")
		require.Equal(t, http.StatusOK, status)
		require.NotEmpty(t, tag)
		kept[target] = tag
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	event, over := r.heard(ctx, news), r.heardOver(t, news)
	require.NoError(t, r.sim.Advance(time.Minute))
	run := query(t, r.base, testAdminKey, `mutation { startEtlRun(source: "coingecko") { id } }`)["startEtlRun"].(map[string]any)["id"].(string)
	require.NotNil(t, query(t, r.base, testKey, `{ etlRun(id: "`+run+`") { id } }`)["etlRun"])
	for _, channel := range []<-chan string{event, over} {
		var it toldRecord
		select {
		case text := <-channel:
			require.NoError(t, json.Unmarshal([]byte(text), &it), "%s", text)
			require.NotEmpty(t, it.Data.RecordAdded.Asset.Slug, "%s", text)
		case <-time.After(time.Minute):
			require.Fail(t, "nothing is told", r.stderr)
		}
		require.NotNil(t, query(t, r.base, testKey, `{ node(id: "`+it.Data.RecordAdded.ID+`") { id } }`)["node"])
		for target, tag := range kept {
			status, now, body := tagOf(t, r.base+target, tag)
			require.Equal(t, http.StatusOK, status, "it is not what was kept: %s", target)
			require.NotEqual(t, tag, now)
			require.NotEmpty(t, body)
		}
	}
	require.Equal(t, "SUCCEEDED", r.awaitRun(run)["status"])
}
