package embed

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// opened opens the embedder of c, which ends with the test.
func opened(t *testing.T, c Config) Embedder {
	t.Helper()
	e, err := Open(c, "", silent)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

func onOllama(url string) Config {
	c := Defaults()
	c.Ollama.BaseURL = URL(url)
	return c
}

func TestOpenGivesTheBuiltinModel(t *testing.T) {
	e := opened(t, Defaults())
	want := State{Provider: Builtin, Model: "all-minilm-l6-v2-q8", Dimensions: 384, Available: true, Cached: true}
	require.Equal(t, want, Describe(e))
	vectors, err := e.Embed(t.Context(), []string{"what does my sister do for a living", "Anna started as a nurse in May"})
	require.NoError(t, err)
	require.Len(t, vectors, 2)
	require.Len(t, vectors[1], 384)
	again, err := e.Embed(t.Context(), []string{"Anna started as a nurse in May"})
	require.NoError(t, err)
	require.Equal(t, vectors[1:], again)
	require.EqualValues(t, 1, Describe(e).Cache.Hits)
	stats, ok := e.(memory.Cached).Cache()
	require.True(t, ok)
	require.Equal(t, Describe(e).Cache, stats)
}

func TestOpenGivesNothingForNone(t *testing.T) {
	c := Defaults()
	c.Provider = None
	e, err := Open(c, "", silent)
	require.NoError(t, err)
	require.Nil(t, e)
	require.Equal(t, State{Provider: None}, Describe(e))
}

func TestOpenRefusesWrongSettings(t *testing.T) {
	c := Defaults()
	c.Provider = "cohere"
	_, err := Open(c, "", silent)
	require.ErrorContains(t, err, "open an embedder: provider must be")
}

func TestOpenAsksNobody(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer s.Close()
	for _, provider := range []string{Ollama, OpenAI} {
		c := onOllama(s.URL)
		c.Provider, c.OpenAI.BaseURL = provider, URL(s.URL)
		c.Redis.Enabled, c.Redis.Host, c.Redis.Port = true, "127.0.0.1", 1
		e := opened(t, c)
		state := Describe(e)
		require.Equal(t, provider, state.Provider)
		require.Equal(t, "closed", state.Breaker)
		require.True(t, state.Available)
		require.Zero(t, state.Dimensions)
	}
	require.Zero(t, asked.Load())
}

func TestOllamaServesManyCallersInFewRequests(t *testing.T) {
	s := startOllama(t)
	e := opened(t, onOllama(s.URL))
	var wg sync.WaitGroup
	const callers = 200
	for i := range callers {
		wg.Go(func() {
			all := []string{"text " + strconv.Itoa(i), "common"}
			vectors, err := e.Embed(t.Context(), all)
			require.NoError(t, err)
			requireMade(t, all, vectors)
		})
	}
	wg.Wait()
	state := Describe(e)
	require.Equal(t, dims, state.Dimensions)
	require.EqualValues(t, callers+1, state.Cache.Misses, "the common text counts once")
	require.Less(t, s.requests.Load(), int64(callers/2))
}

func TestOpenAIServesWithoutACache(t *testing.T) {
	s := startOpenAI(t, func(q openAIQuestion) (int, any) { return 200, entries(q.Input, numbers, 0, 1) })
	c := Defaults()
	c.Provider, c.OpenAI, c.Cache = OpenAI, openAIConfig(s), false
	e := opened(t, c)
	requireEmbeds(t, e, "a", "b")
	require.Regexp(t, "^openai/text-embedding-3-small@", e.Model())
	require.False(t, Describe(e).Cached)
}

func TestABadTextAmongOthersIsNamed(t *testing.T) {
	s := startOllama(t)
	e := opened(t, onOllama(s.URL))
	requireEmbeds(t, e, "good")
	_, err := e.Embed(t.Context(), []string{"good", "also good", "poison", "good too"})
	var text *TextError
	require.ErrorAs(t, err, &text)
	require.Equal(t, 2, text.Index)
	require.ErrorIs(t, err, ErrRefused)
	require.True(t, Describe(e).Available)
}

func TestStateTellsOfAModelThatIsMissing(t *testing.T) {
	s := startOllama(t)
	s.model.Store("another")
	e := opened(t, onOllama(s.URL))
	_, err := e.Embed(t.Context(), []string{"a"})
	require.ErrorIs(t, err, ErrRefused)
	require.EqualError(t, err, "embed with ollama/nomic-embed-text: Model 'nomic-embed-text' not found. Run: ollama pull nomic-embed-text")
	state := Describe(e)
	require.False(t, state.Available)
	require.Equal(t, "model_missing", state.LastError)

	s.model.Store("nomic-embed-text")
	requireEmbeds(t, e, "a")
	state = Describe(e)
	require.True(t, state.Available)
	require.Empty(t, state.LastError)
}

func TestACallerInAHurryIsTold(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close() // its port is free now
	e := opened(t, onOllama(strings.Replace(s.URL, "http://", "http://u:sesame@", 1)))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := e.Embed(ctx, []string{"a"})
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotContains(t, err.Error(), "sesame")
	// The request goes on without its caller, to whom it was too slow.
	require.Eventually(t, func() bool { return Describe(e).LastError == "connection" }, time.Minute, time.Millisecond)
	require.False(t, Describe(e).Available)
	require.NotContains(t, Describe(e).Model, "sesame")
}

func TestACallerThatCancelsIsToldNoMore(t *testing.T) {
	for name, c := range map[string]Config{"builtin": Defaults(), "ollama": onOllama("http://127.0.0.1:1")} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := opened(t, c).Embed(ctx, []string{"a"})
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, ErrUnavailable)
		})
	}
}

func TestAfterCloseNothingIsAvailable(t *testing.T) {
	for name, c := range map[string]Config{"builtin": Defaults(), "ollama": onOllama("http://127.0.0.1:1")} {
		t.Run(name, func(t *testing.T) {
			e, err := Open(c, "", silent)
			require.NoError(t, err)
			require.NoError(t, e.Close())
			require.NoError(t, e.Close())
			_, err = e.Embed(t.Context(), []string{"a"})
			require.ErrorIs(t, err, ErrUnavailable)
			require.False(t, Describe(e).Available)
		})
	}
}

func TestNoTextsNeedNobody(t *testing.T) {
	vectors, err := opened(t, onOllama("http://127.0.0.1:1")).Embed(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, vectors)
}
