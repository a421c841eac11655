package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHTTPServesBothTransportsOverOneStore(t *testing.T) {
	w := open(t)
	session, old := w.session(t), w.sse(t)
	require.False(t, w.tool(t, session, "add_memory", map[string]any{"text": "The ferry leaves at eight."}).isError)

	w.post(t, old, calling("find", "search_memory", map[string]any{"query": "ferry"}))
	found, err := toldOf(within(t, old.events))
	require.NoError(t, err)
	require.Contains(t, found.text, "The ferry leaves at eight.")
}

func TestHTTPStreamSaysHowItIsToBeTreated(t *testing.T) {
	w := open(t)
	for name, s := range map[string]*stream{
		"sse": w.sse(t), "streamable": w.listen(t, "/mcp", "Mcp-Session-Id", w.session(t)),
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, "text/event-stream", s.header.Get("Content-Type"))
			require.Equal(t, "no-store", s.header.Get("Cache-Control"))
			require.Equal(t, "no", s.header.Get("X-Accel-Buffering"))
			require.Empty(t, s.header.Get("Access-Control-Allow-Origin"))
		})
	}
}

func TestHTTPRefusesWithTheStatusThatTellsWhy(t *testing.T) {
	w := open(t)
	session, old := w.session(t), w.sse(t)
	id := strings.TrimPrefix(old.endpoint, "/messages/?session_id=")
	ended := w.session(t)
	require.Equal(t, http.StatusOK, w.request(t, http.MethodDelete, "/mcp", "", "Mcp-Session-Id", ended).status)
	const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	guessed := strings.Repeat("0", 32)
	for _, row := range []struct {
		name         string
		method, path string
		body         string
		header       []string
		status       int
		says         string
	}{
		{"no session", http.MethodPost, "/mcp", ping, nil, 400, "Mcp-Session-Id header is required"},
		{"guessed session", http.MethodPost, "/mcp", ping, []string{"Mcp-Session-Id", guessed}, 404, "Session not found"},
		{"session that is none", http.MethodPost, "/mcp", ping, []string{"Mcp-Session-Id", "../x"}, 404, "Session not found"},
		{"ended session", http.MethodPost, "/mcp", ping, []string{"Mcp-Session-Id", ended}, 404, "Session not found"},
		{"session of the other transport", http.MethodPost, "/mcp", ping, []string{"Mcp-Session-Id", id}, 404, "Session not found"},
		{"stream without a session", http.MethodGet, "/mcp", "", nil, 400, "header is required"},
		{"stream of a guessed session", http.MethodGet, "/mcp", "", []string{"Mcp-Session-Id", guessed}, 404, "Session not found"},
		{"end of a guessed session", http.MethodDelete, "/mcp", "", []string{"Mcp-Session-Id", guessed}, 404, "Session not found"},
		{"stream that is not accepted", http.MethodGet, "/mcp", "", []string{"Mcp-Session-Id", session, "Accept", "application/json"}, 406, "text/event-stream"},
		{"another method", http.MethodPut, "/mcp", "", nil, 405, "Method not allowed"},
		{"a form", http.MethodPost, "/mcp", "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "application/json"},
		{"plain text", http.MethodPost, "/mcp", ping, []string{"Content-Type", "text/plain"}, 415, "application/json"},
		{"unknown revision", http.MethodPost, "/mcp", ping, []string{"Mcp-Session-Id", session, "Mcp-Protocol-Version", "1999-01-01"}, 400, "Unsupported protocol version"},
		{"stream of a revision without", http.MethodGet, "/mcp", "", []string{"Mcp-Protocol-Version", "2026-07-28"}, 405, "not part of this revision"},
		{"no JSON", http.MethodPost, "/mcp", "{", []string{"Mcp-Session-Id", session}, 400, "-32700"},
		{"a batch", http.MethodPost, "/mcp", "[" + ping + "]", []string{"Mcp-Session-Id", session}, 400, "batches are not supported"},
		{"invalid UTF-8", http.MethodPost, "/mcp", "{\"id\":1,\"method\":\"ping\",\"x\":\"\xff\"}", []string{"Mcp-Session-Id", session}, 400, "invalid byte 0xff"},
		{"too deep", http.MethodPost, "/mcp", `{"id":1,"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, []string{"Mcp-Session-Id", session}, 400, "levels deep"},
		{"SSE: a form", http.MethodPost, old.endpoint, "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 400, "Invalid Content-Type header"},
		{"SSE: no session", http.MethodPost, "/messages/", ping, nil, 400, "session_id is required"},
		{"SSE: no hexadecimal", http.MethodPost, "/messages/?session_id=xyz", ping, nil, 400, "Invalid session ID"},
		{"SSE: guessed session", http.MethodPost, "/messages/?session_id=" + guessed, ping, nil, 404, "Could not find session"},
		{"SSE: guessed session in the path", http.MethodPost, "/messages/" + guessed, ping, nil, 404, "Could not find session"},
		{"SSE: session of the other transport", http.MethodPost, "/messages/?session_id=" + session, ping, nil, 404, "Could not find session"},
		{"SSE: no JSON", http.MethodPost, old.endpoint, "{", nil, 400, "Could not parse message"},
		{"SSE: half a message", http.MethodPost, old.endpoint, ping[:len(ping)-1], nil, 400, "Could not parse message"},
		{"SSE: an answer that is broken", http.MethodPost, old.endpoint, "{\"id\":1,\"result\":\"\xff\"}", nil, 400, "Could not parse message"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := w.request(t, row.method, row.path, row.body, row.header...)
			require.Equal(t, row.status, r.status, r.body)
			require.Contains(t, r.body, row.says)
		})
	}
}

func TestHTTPTakesTheSessionInThePathAsWell(t *testing.T) {
	w := open(t)
	s := w.sse(t)
	r := w.request(t, http.MethodPost, strings.Replace(s.endpoint, "?session_id=", "", 1), `{"jsonrpc":"2.0","id":7,"method":"ping"}`)
	require.Equal(t, http.StatusAccepted, r.status)
	require.JSONEq(t, `{"jsonrpc":"2.0","id":7,"result":{}}`, within(t, s.events))
}

func TestHTTPLeadsToTheAddressWithTheSlash(t *testing.T) {
	w := open(t)
	s := w.sse(t)
	r := w.request(t, http.MethodPost, strings.Replace(s.endpoint, "/?", "?", 1), `{"jsonrpc":"2.0","id":7,"method":"ping"}`)
	require.Equal(t, http.StatusAccepted, r.status, "the client was led on, message and all")
	require.Contains(t, within(t, s.events), `"id":7`)
}

func TestHTTPServesStreamableWithASlashAsWell(t *testing.T) {
	w := open(t)
	session := w.session(t)
	const ping = `{"jsonrpc":"2.0","id":7,"method":"ping"}`
	r := w.request(t, http.MethodPost, "/mcp/", ping, "Mcp-Session-Id", session)
	require.Equal(t, http.StatusOK, r.status)
	require.JSONEq(t, `{"jsonrpc":"2.0","id":7,"result":{}}`, r.body)
	require.Equal(t, http.StatusOK, w.request(t, http.MethodDelete, "/mcp/", "", "Mcp-Session-Id", session).status)
	require.Equal(t, http.StatusNotFound, w.request(t, http.MethodPost, "/mcp/", ping, "Mcp-Session-Id", session).status)
	require.Equal(t, "page", w.request(t, http.MethodGet, "/mcp/more", "").body, "which is somewhere else")
}

func TestHTTPAnswersUnderTheIDThatWasGiven(t *testing.T) {
	w := open(t)
	session, s := w.session(t), w.sse(t)
	for _, id := range []string{`0`, `-1`, `9007199254740993`, `123456789012345678901234567890`, `1.5`, `""`, `"é\n<&>"`, `"x"`} {
		t.Run(id, func(t *testing.T) {
			message := fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"ping"}`, id)
			w.post(t, s, message)
			for _, body := range []string{
				w.request(t, http.MethodPost, "/mcp", message, "Mcp-Session-Id", session).body, within(t, s.events),
			} {
				var m struct{ ID json.RawMessage }
				require.NoError(t, json.Unmarshal([]byte(body), &m), body)
				if id[0] == '"' {
					require.JSONEq(t, id, string(m.ID))
				} else {
					require.Equal(t, id, string(m.ID))
				}
			}
		})
	}
}

func TestHTTPSpeaksEveryRevisionWithSessions(t *testing.T) {
	w := open(t)
	for _, version := range []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"} {
		t.Run(version, func(t *testing.T) {
			r := w.request(t, http.MethodPost, "/mcp", strings.Replace(initialize, "2025-06-18", version, 1))
			require.Contains(t, r.body, `"protocolVersion":"`+version+`"`)
			session := r.header.Get("Mcp-Session-Id")
			again := w.request(t, http.MethodPost, "/mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`,
				"Mcp-Session-Id", session, "Mcp-Protocol-Version", version)
			require.Equal(t, http.StatusOK, again.status)
			require.Contains(t, again.body, "search_memory")
		})
	}
}

func TestHTTPSpeaksTheRevisionWithoutSessions(t *testing.T) {
	w := open(t)
	r := w.request(t, http.MethodPost, "/mcp",
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add_memory","arguments":{"text":"No session."},`+
			`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`,
		"Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", "add_memory", "Accept", "application/json, text/event-stream")
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Contains(t, r.body, "Memory stored successfully.")
	require.Empty(t, r.header.Get("Mcp-Session-Id"))
	require.Zero(t, w.http.Sessions().Registered)
}

func TestHTTPRunsTheCallsOfASessionSideBySide(t *testing.T) {
	w := open(t)
	session := w.session(t)
	release := w.holdWrites(t)
	defer release()
	slow := make(chan response, 1)
	go func() {
		r, err := w.send(context.WithoutCancel(t.Context()), http.MethodPost, "/mcp",
			strings.NewReader(calling(1, "add_memory", map[string]any{"text": "Slow."})), "Mcp-Session-Id", session)
		if err != nil {
			r.body = err.Error()
		}
		slow <- r
	}()
	require.Eventually(t, func() bool { return w.Counters().InFlight == 1 }, patience, time.Millisecond)
	require.Contains(t, w.tool(t, session, "search_memory", map[string]any{"query": "x"}).text, "No results")
	require.Empty(t, slow)
	release()
	require.Contains(t, within(t, slow).body, "Memory stored successfully.")
}

func TestHTTPCancelsACallOfItsOwnSessionOnly(t *testing.T) {
	w := open(t)
	mine, other := w.sse(t), w.session(t)
	release := w.holdWrites(t)
	defer release()
	w.post(t, mine, calling(1, "add_memory", map[string]any{"text": "Never mind."}))
	require.Eventually(t, func() bool { return w.Counters().InFlight == 1 }, patience, time.Millisecond)
	const cancel = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`
	require.Equal(t, http.StatusAccepted, w.request(t, http.MethodPost, "/mcp", cancel, "Mcp-Session-Id", other).status)
	require.Equal(t, http.StatusAccepted, w.request(t, http.MethodPost, "/mcp", cancel, "Mcp-Protocol-Version", "2026-07-28").status)
	require.Never(t, func() bool { return w.Counters().InFlight == 0 }, 100*time.Millisecond, 10*time.Millisecond, "someone else's word")
	w.post(t, mine, cancel)
	a, err := toldOf(within(t, mine.events))
	require.NoError(t, err)
	require.Equal(t, "Error: The call was canceled.", a.text)
}

func TestHTTPFinishesACallWhoseClientHasGone(t *testing.T) {
	w := open(t)
	session := w.session(t)
	release := w.holdWrites(t)
	defer release()
	ctx, hangUp := context.WithCancel(t.Context())
	var gone sync.WaitGroup
	gone.Go(func() {
		_, _ = w.send(ctx, http.MethodPost, "/mcp", strings.NewReader(calling(1, "add_memory", map[string]any{"text": "Keep it."})), "Mcp-Session-Id", session)
	})
	require.Eventually(t, func() bool { return w.Counters().InFlight == 1 }, patience, time.Millisecond)
	hangUp()
	gone.Wait()
	w.present(t, 0)
	require.Equal(t, 1, w.Counters().InFlight)
	release()
	require.Eventually(t, func() bool { return w.memories(t) == 1 }, patience, time.Millisecond)
}
