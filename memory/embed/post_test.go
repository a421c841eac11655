package embed

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// post asks a server that answers with what handle writes.
func post(t *testing.T, handle http.HandlerFunc, texts ...string) error {
	t.Helper()
	s := httptest.NewServer(handle)
	defer s.Close()
	c := newClient(URL(s.URL), "", time.Minute)
	defer c.close()
	var out struct{ Embeddings []vector }
	return c.post(t.Context(), "/api/embed", texts, map[string]any{"input": texts}, &out)
}

func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func TestPostTellsAnswersApart(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		body   string
		want   class
	}{
		{"bad request", 400, `{"error":"invalid input"}`, badRequest},
		{"too large", 413, ``, badRequest},
		{"not processed", 422, `{"detail":[{"input":"x"}]}`, badRequest},
		{"no key", 401, ``, unauthorized},
		{"forbidden", 403, ``, unauthorized},
		{"no money", 402, ``, exhausted},
		{"no model", 404, `{"error":"model not found"}`, modelMissing},
		{"no route", 404, `404 page not found`, noRoute},
		{"another method", 405, ``, noRoute},
		{"elsewhere", 307, ``, noRoute},
		{"teapot", 418, ``, refused},
		{"too often", 429, ``, rateLimited},
		{"broken", 500, `{"error":"llama runner process has terminated"}`, serverFault},
		{"not built", 501, ``, refused},
		{"behind a proxy", 502, `<html>`, overloaded},
		{"busy", 503, `{"error":"server busy"}`, overloaded},
		{"too slow", 408, ``, timedOut},
		{"no model for it", 500, `{"error":"\"llama3\" does not support embeddings"}`, refused},
		{"long for Ollama", 500, `{"error":"the input length exceeds the context length"}`, overlong},
		{"long for vLLM", 400, `{"message":"This model's maximum context length is 512 tokens"}`, overlong},
		{"long for llama.cpp", 500, `{"error":{"code":500,"message":"input is too large to process. increase the physical batch size"}}`, overlong},
		{"page", 200, `<html>`, malformed},
		{"nothing", 200, ``, malformed},
		{"another shape", 200, `{"embeddings":"x"}`, malformed},
		{"no number", 200, `{"embeddings":[[NaN]]}`, badText},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := post(t, answering(row.status, row.body), "one")
			require.Equal(t, row.want, classOf(err))
			if row.want.isUnavailable() {
				require.ErrorIs(t, err, ErrUnavailable)
			} else {
				require.ErrorIs(t, err, ErrRefused)
			}
		})
	}
}

func TestPostReadsNoMoreThanItShould(t *testing.T) {
	err := post(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	}, "one")
	require.Equal(t, malformed, classOf(err))
	require.ErrorContains(t, err, "the answer has more than 1261568 bytes")
}

func TestPostTakesABrokenAnswerForABrokenConnection(t *testing.T) {
	err := post(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"embeddings":`))
	}, "one")
	require.ErrorIs(t, err, ErrUnavailable)
	require.Equal(t, unreachable, classOf(err))
}

func TestPostFollowsNoRedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the texts went elsewhere")
	}))
	defer elsewhere.Close()
	err := post(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}, "one")
	require.Equal(t, noRoute, classOf(err))
}

func TestPostTellsNoSecretWhenNobodyIsThere(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close() // its port is free now
	address := URL(strings.Replace(s.URL, "http://", "http://user:sesame@", 1) + "/?key=sesame")
	c := newClient(address, "sesame", time.Minute)
	err := c.post(t.Context(), "/api/embed", []string{"one"}, struct{}{}, nil)
	require.ErrorIs(t, err, ErrUnavailable)
	require.Equal(t, unreachable, classOf(err))
	require.ErrorContains(t, err, "the server cannot be reached: dial tcp")
	require.NotContains(t, err.Error(), "sesame")
	require.NotContains(t, err.Error(), "user")
}

func TestPostRepeatsNoTextOfAMemory(t *testing.T) {
	const text = "my sister Anna started as a nurse in May"
	for name, message := range map[string]string{
		"whole":      "cannot embed '" + text + "'",
		"in part":    "cannot embed 'Anna started as a…'",
		"in columns": "cannot embed 'my sister   Anna started\\nas a'",
	} {
		t.Run(name, func(t *testing.T) {
			err := post(t, answering(400, `{"error":"`+message+`"}`), "other", text)
			require.EqualError(t, err, "the server answers 400")
		})
	}
	err := post(t, answering(400, `{"error":"Anna is unknown"}`), text)
	require.EqualError(t, err, "the server answers 400: Anna is unknown")
}

func TestPostCutsWhatAServerSays(t *testing.T) {
	err := post(t, answering(400, `{"error":"`+strings.Repeat("é\\n", 500)+`"}`), "one")
	require.Less(t, len(err.Error()), 260)
	require.NotContains(t, err.Error(), "\n")
}

func TestPostLeavesNoServerAloneForDays(t *testing.T) {
	err := post(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", time.Now().AddDate(0, 0, 7).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusServiceUnavailable)
	}, "one")
	f, ok := errors.AsType[*failure](err)
	require.True(t, ok)
	require.Equal(t, longestRest, f.after)
}

func TestRetryAfterReadsBothForms(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "soon": 0, "3": 3 * time.Second, "0.5": 500 * time.Millisecond, "-3": 0, "99999999999999999999": 0,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		require.Equal(t, want, retryAfter(value, now), value)
	}
}
