package embed

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ollamaServer speaks as Ollama does.
type ollamaServer struct {
	*httptest.Server
	model     atomic.Value // a string, the one it has
	old       bool         // has no route for several texts
	context   int          // longest text in bytes, 0 for any
	requests  atomic.Int64
	singles   atomic.Int64 // to the old route
	lastAgent atomic.Value
}

func startOllama(t *testing.T) *ollamaServer {
	t.Helper()
	s := &ollamaServer{}
	s.model.Store("nomic-embed-text")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/embed", func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		if s.old {
			http.Error(w, "404 page not found", http.StatusNotFound)
			return
		}
		var in struct {
			Model string
			Input []string
		}
		s.read(t, r, &in)
		if s.accepts(w, in.Model, in.Input) {
			s.write(w, http.StatusOK, map[string]any{"model": in.Model, "embeddings": made(in.Input...)})
		}
	})
	mux.HandleFunc("POST /api/embeddings", func(w http.ResponseWriter, r *http.Request) {
		s.singles.Add(1)
		var in struct{ Model, Prompt string }
		s.read(t, r, &in)
		if s.accepts(w, in.Model, []string{in.Prompt}) {
			v := made(in.Prompt)[0]
			for i := range v {
				v[i] *= 7 // this route does not normalize
			}
			s.write(w, http.StatusOK, map[string]any{"embedding": v})
		}
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *ollamaServer) read(t *testing.T, r *http.Request, in any) {
	if err := json.NewDecoder(r.Body).Decode(in); err != nil {
		t.Errorf("read a request: %v", err)
	}
	s.lastAgent.Store(r.UserAgent())
}

func (s *ollamaServer) accepts(w http.ResponseWriter, model string, texts []string) bool {
	if model != s.model.Load() {
		s.write(w, http.StatusNotFound, map[string]any{"error": "model \"" + model + "\" not found, try pulling it first"})
		return false
	}
	for _, t := range texts {
		switch {
		case s.context > 0 && len(t) > s.context:
			s.write(w, http.StatusBadRequest, map[string]any{"error": "the input length exceeds the context length"})
			return false
		case strings.Contains(t, "poison"):
			s.write(w, http.StatusInternalServerError, map[string]any{"error": "failed to encode response: json: unsupported value: NaN"})
			return false
		}
	}
	return true
}

func (s *ollamaServer) write(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

func ollamaConfig(url string) OllamaConfig {
	c := Defaults().Ollama
	c.BaseURL = URL(url)
	return c
}

// ask opens the embedder of c and asks it for texts.
func askOllama(t *testing.T, c OllamaConfig, texts ...string) ([][]float32, error) {
	t.Helper()
	o := newOllama(c)
	t.Cleanup(func() { require.NoError(t, o.Close()) })
	return o.Embed(t.Context(), texts)
}

func TestOllamaMakesVectorsInOneRequest(t *testing.T) {
	s := startOllama(t)
	all := []string{"one", "two", "", "sister \u2028 \xff"}
	vectors, err := askOllama(t, ollamaConfig(s.URL+"/"), all...)
	require.NoError(t, err)
	requireMade(t, []string{"one", "two", "", "sister \u2028 \ufffd"}, vectors)
	require.EqualValues(t, 1, s.requests.Load())
	require.Equal(t, "zapomni", s.lastAgent.Load())
}

func TestOllamaTakesOneAtATimeWhereItHasTo(t *testing.T) {
	s := startOllama(t)
	s.old = true
	o := newOllama(ollamaConfig(s.URL))
	for range 2 {
		vectors, err := o.Embed(t.Context(), []string{"one", "two"})
		require.NoError(t, err)
		requireMade(t, []string{"one", "two"}, vectors)
	}
	require.EqualValues(t, 1, s.requests.Load(), "the missing route is not asked for again")
	require.EqualValues(t, 4, s.singles.Load())
}

func TestOllamaSaysHowToGetTheModel(t *testing.T) {
	for name, old := range map[string]bool{"all at once": false, "one at a time": true} {
		t.Run(name, func(t *testing.T) {
			s := startOllama(t)
			s.old = old
			s.model.Store("another")
			_, err := askOllama(t, ollamaConfig(s.URL), "one")
			require.ErrorIs(t, err, ErrRefused)
			require.EqualError(t, err, "Model 'nomic-embed-text' not found. Run: ollama pull nomic-embed-text")
			require.Equal(t, modelMissing, classOf(err))
		})
	}
}

func TestOllamaSaysThatItIsNotThere(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	_, err := askOllama(t, ollamaConfig(s.URL), "one")
	require.ErrorIs(t, err, ErrRefused)
	require.ErrorContains(t, err, "there is no Ollama at ollama.base_url")
}

func TestOllamaCutsWhatIsTooLongForTheModel(t *testing.T) {
	s := startOllama(t)
	s.context = 10
	vectors, err := askOllama(t, ollamaConfig(s.URL), "žluťoučký kůň úpěl")
	require.NoError(t, err)
	requireMade(t, []string{"žluť"}, vectors)

	_, err = askOllama(t, ollamaConfig(s.URL), "short", strings.Repeat("long", 10))
	require.Equal(t, overlong, classOf(err), "with others, it is for the caller to ask again")
}

func TestOllamaBlamesTheTextForNumbersThatAreNone(t *testing.T) {
	s := startOllama(t)
	_, err := askOllama(t, ollamaConfig(s.URL), "poison")
	require.Equal(t, badText, classOf(err))
}

func TestOllamaNamesAModelOneWay(t *testing.T) {
	for _, row := range []struct{ set, want string }{
		{"", "ollama/nomic-embed-text"},
		{"nomic-embed-text", "ollama/nomic-embed-text"},
		{"nomic-embed-text:latest", "ollama/nomic-embed-text"},
		{" Nomic-Embed-Text ", "ollama/nomic-embed-text"},
		{"registry.ollama.ai/library/nomic-embed-text:latest", "ollama/nomic-embed-text"},
		{"library/nomic-embed-text", "ollama/nomic-embed-text"},
		{"nomic-embed-text:v1.5", "ollama/nomic-embed-text:v1.5"},
		{"me/nomic-embed-text", "ollama/me/nomic-embed-text"},
		{"hf.co/me/model:Q8_0", "ollama/hf.co/me/model:q8_0"},
	} {
		t.Run(row.set, func(t *testing.T) {
			require.Equal(t, row.want, newOllama(OllamaConfig{Model: row.set}).Model())
		})
	}
}

func TestOllamaStopsWithItsCaller(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	}))
	defer s.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := newOllama(ollamaConfig(s.URL)).Embed(ctx, []string{"one"})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, classOf(err))
}

func TestOllamaGivesUpInTime(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	c := ollamaConfig(s.URL)
	c.Timeout = 20 * time.Millisecond
	_, err := askOllama(t, c, "one")
	require.ErrorIs(t, err, ErrUnavailable)
	require.Equal(t, timedOut, classOf(err))
}
