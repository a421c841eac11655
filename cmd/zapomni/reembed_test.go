package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// ollama starts a server that speaks as Ollama does, and returns the setting
// that chooses it. It refuses a request of which answers says so.
func ollama(t *testing.T, answers func(texts []string) bool) (setting string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Input []string }
		if json.NewDecoder(r.Body).Decode(&in) != nil || !answers(in.Input) {
			http.Error(w, `{"error":"no such model"}`, http.StatusNotFound)
			return
		}
		vectors := make([][]float32, len(in.Input))
		for i, text := range in.Input {
			vectors[i] = []float32{float32(len(text)), 1, 2}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"embeddings": vectors}) // the client says what is wrong with it
	}))
	t.Cleanup(server.Close)
	return "OLLAMA_BASE_URL=" + server.URL
}

func always([]string) bool { return true }
func never([]string) bool  { return false }

// reembed runs the command and returns what it says of each workspace.
func (h home) reembed(t *testing.T, setting string) []reembedded {
	t.Helper()
	h.environ = append(h.environ, setting)
	var all []reembedded
	for line := range strings.Lines(h.fine(t, "reembed", "--json")) {
		all = append(all, decoded[reembedded](t, line))
	}
	for i := range all {
		all[i].Seconds = 0
	}
	return all
}

func TestReembedGoesOverToTheModelOfTheSettings(t *testing.T) {
	h := newHome(t)
	h.fine(t, "add", "Anna moved to Lisbon.")
	h.fine(t, "add", "Ben has a boat.")
	const builtin, other = "all-minilm-l6-v2-q8", "ollama/nomic-embed-text"
	want := reembedded{Workspace: "default", Model: builtin, Chunks: 2, Embedded: 2}
	require.Equal(t, []reembedded{want}, h.reembed(t, ""), "those of the model stay")

	setting := ollama(t, always)
	want.Model, want.Made = other, 2
	require.Equal(t, []reembedded{want}, h.reembed(t, setting))
	h.environ = append(h.environ, setting)
	require.Equal(t, "default: 2 of 2 chunks have vectors of "+other+", 0 made now\n", h.fine(t, "reembed"))
	require.Empty(t, decoded[answer](t, h.fine(t, "search", "--json", "Lisbon")).Lacks)
}

func TestReembedKeepsTheVectorsWhileTheEmbedderDoesNotAnswer(t *testing.T) {
	h := newHome(t)
	h.fine(t, "add", "Anna moved to Lisbon.")
	down := home{h.dir, append(h.environ, ollama(t, never))}
	got := down.run(t, "reembed")
	require.Equal(t, exitError, got.status)
	require.Empty(t, got.out)
	require.Contains(t, got.err, "zapomni: reembed: embed with ollama/nomic-embed-text: ")
	require.Equal(t, 1, h.reembed(t, "")[0].Embedded)
	require.Zero(t, h.reembed(t, "")[0].Made)
}

func TestReembedSaysThatAnotherMakesVectorsMeanwhile(t *testing.T) {
	h := newHome(t)
	h.fine(t, "add", "Anna moved to Lisbon.")
	other := home{h.dir, h.environ}
	switched := home{h.dir, append(h.environ, ollama(t, func(texts []string) bool {
		if slices.Contains(texts, "Anna moved to Lisbon.") { // its vector has been forgotten
			return other.run(t, "add", "Ben has a boat.").status == exitFine
		}
		return true
	}))}
	got := switched.run(t, "reembed")
	require.Equal(t, exitError, got.status)
	require.Empty(t, got.out)
	require.Contains(t, got.err, "zapomni: reembed: another process makes vectors at the same time, of another model: stop it or give it the same settings")
}

func TestWhatIsUnmadeIsAllOfAnotherModel(t *testing.T) {
	e := memory.Embedding{Model: "m", Chunks: 7, Embedded: 5}
	require.Equal(t, [2]int{2, 7}, [2]int{unmade(e, "m"), unmade(e, "n")})
	require.Equal(t, 7, unmade(memory.Embedding{Chunks: 7}, "m"))
}

func TestReembedRefuses(t *testing.T) {
	h := newHome(t)
	for _, tc := range []struct {
		name, setting string
		args          []string
		want          string
	}{
		{"without an embedder", "ZAPOMNI_EMBEDDING_PROVIDER=none", nil, "there is no embedder: "},
		{"with recall by words alone", "ENABLE_HYBRID_SEARCH=false", nil, "there is no embedder: "},
		{"an unknown workspace", "", []string{"-w", "defaults"}, `there is no workspace "defaults": did you mean default?`},
		{"a reserved one", "", []string{"-w", "admin"}, "Workspace ID 'admin' is reserved"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := home{h.dir, append(h.environ, tc.setting)}
			got := h.run(t, append([]string{"reembed"}, tc.args...)...)
			require.Equal(t, exitError, got.status)
			require.Empty(t, got.out)
			require.Contains(t, got.err, tc.want)
		})
	}
}
