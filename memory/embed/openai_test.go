package embed

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// openAIQuestion is what an OpenAI-compatible server is asked.
type openAIQuestion struct {
	Model      string   `json:"model"`
	Input      []string `json:"input"`
	Format     string   `json:"encoding_format"`
	Dimensions *int     `json:"dimensions"`

	path, authorization, query string
}

// startOpenAI starts a server that answers each question with what answer
// makes of it.
func startOpenAI(t *testing.T, answer func(openAIQuestion) (int, any)) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := openAIQuestion{path: r.URL.Path, authorization: r.Header.Get("Authorization"), query: r.URL.RawQuery}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Errorf("read a request: %v", err)
		}
		status, body := answer(q)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}))
	t.Cleanup(s.Close)
	return s
}

type openAIEntry struct {
	Index     *int `json:"index,omitempty"`
	Embedding any  `json:"embedding"`
}

// entries are vectors with their indexes, in the order of which.
func entries(texts []string, form func([]float32) any, which ...int) map[string]any {
	var data []openAIEntry
	for i, v := range made(texts...) {
		data = append(data, openAIEntry{&which[i], form(v)})
	}
	slices.SortFunc(data, func(a, b openAIEntry) int { return *b.Index - *a.Index })
	return map[string]any{"object": "list", "data": data}
}

func numbers(v []float32) any { return v }

func base64Of(v []float32) any { return pack(v) } // encoding/json writes bytes as base64

func openAIConfig(s *httptest.Server) OpenAIConfig {
	c := Defaults().OpenAI
	c.BaseURL = URL(s.URL + "/v1/")
	return c
}

func askOpenAI(t *testing.T, c OpenAIConfig, dimensions int, texts ...string) ([][]float32, error) {
	t.Helper()
	o := newOpenAI(c, dimensions)
	t.Cleanup(func() { require.NoError(t, o.Close()) })
	return o.Embed(t.Context(), texts)
}

func TestOpenAIPutsVectorsInOrder(t *testing.T) {
	for name, form := range map[string]func([]float32) any{"numbers": numbers, "base64": base64Of} {
		t.Run(name, func(t *testing.T) {
			s := startOpenAI(t, func(q openAIQuestion) (int, any) { return 200, entries(q.Input, form, 0, 1, 2) })
			vectors, err := askOpenAI(t, openAIConfig(s), 0, "one", "two", "three")
			require.NoError(t, err)
			requireMade(t, []string{"one", "two", "three"}, vectors)
		})
	}
}

func TestOpenAITakesVectorsWithoutIndexes(t *testing.T) {
	s := startOpenAI(t, func(q openAIQuestion) (int, any) {
		vectors := made(q.Input...)
		return 200, map[string]any{"data": []openAIEntry{{nil, vectors[0]}, {nil, vectors[1]}}}
	})
	vectors, err := askOpenAI(t, openAIConfig(s), 0, "one", "two")
	require.NoError(t, err)
	requireMade(t, []string{"one", "two"}, vectors)
}

func TestOpenAIRefusesIndexesWithoutSense(t *testing.T) {
	for name, which := range map[string][]int{"twice the same": {1, 1}, "beyond the last": {0, 2}, "negative": {0, -1}} {
		t.Run(name, func(t *testing.T) {
			s := startOpenAI(t, func(q openAIQuestion) (int, any) { return 200, entries(q.Input, numbers, which...) })
			_, err := askOpenAI(t, openAIConfig(s), 0, "one", "two")
			require.ErrorIs(t, err, ErrRefused)
			require.Equal(t, malformed, classOf(err))
		})
	}
}

func TestOpenAIAsksForWhatWasSet(t *testing.T) {
	var got openAIQuestion
	s := startOpenAI(t, func(q openAIQuestion) (int, any) {
		got = q
		return 200, entries(q.Input, numbers, 0)
	})
	c := openAIConfig(s)
	c.APIKey, c.Model, c.BaseURL = "sesame", "m", URL(s.URL+"/some/v1?version=2")
	_, err := askOpenAI(t, c, 256, "one")
	require.NoError(t, err)
	require.Equal(t, 256, *got.Dimensions)
	got.Dimensions = nil
	require.Equal(t, openAIQuestion{
		Model: "m", Input: []string{"one"}, Format: "float",
		path: "/some/v1/embeddings", query: "version=2", authorization: "Bearer sesame",
	}, got)
}

func TestOpenAISendsNoEmptyKeyAndNoDimensions(t *testing.T) {
	s := startOpenAI(t, func(q openAIQuestion) (int, any) {
		if q.authorization != "" || q.Dimensions != nil {
			return 400, map[string]any{"error": "too much"}
		}
		return 200, entries(q.Input, numbers, 0)
	})
	_, err := askOpenAI(t, openAIConfig(s), 0, "one")
	require.NoError(t, err)
}

func TestOpenAISaysWhatToMend(t *testing.T) {
	inner := func(message, code string) map[string]any {
		return map[string]any{"error": map[string]any{"message": message, "type": "t", "code": code}}
	}
	for _, row := range []struct {
		name   string
		status int
		body   any
		kind   error
		class  class
		want   string
	}{
		{"key", 401, inner("Incorrect API key provided: ses*****pen.", "invalid_api_key"), ErrRefused, unauthorized, "the server wants another openai.api_key: the server answers 401"},
		{"model", 404, inner("The model `m` does not exist", "model_not_found"), ErrRefused, modelMissing, "model 'text-embedding-3-small' not found: the server answers 404: The model `m` does not exist"},
		{"address", 404, "page not found", ErrRefused, noRoute, "there are no embeddings at openai.base_url: the server answers 404"},
		{"quota", 429, inner("You exceeded your current quota.", "insufficient_quota"), ErrRefused, exhausted, "the server answers 429: You exceeded your current quota."},
		{"rate", 429, inner("Slow down", "rate_limit_exceeded"), ErrUnavailable, rateLimited, "the server answers 429: Slow down"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := startOpenAI(t, func(openAIQuestion) (int, any) { return row.status, row.body })
			c := openAIConfig(s)
			c.APIKey = "sesame-open"
			_, err := askOpenAI(t, c, 0, "one")
			require.ErrorIs(t, err, row.kind)
			require.Equal(t, row.class, classOf(err))
			require.EqualError(t, err, row.want)
		})
	}
}

func TestOpenAICutsWhatIsTooLongForTheModel(t *testing.T) {
	for name, message := range map[string]string{
		"vLLM": "This model's maximum context length is 512 tokens. However, your request has 600 input tokens.",
		"TEI":  "Input validation error: `inputs` must have less than 512 tokens. Given: 600",
	} {
		t.Run(name, func(t *testing.T) {
			s := startOpenAI(t, func(q openAIQuestion) (int, any) {
				if len(q.Input[0]) > 10 {
					return 413, map[string]any{"message": strings.Repeat("Sorry. ", 50) + message}
				}
				return 200, entries(q.Input, numbers, 0)
			})
			vectors, err := askOpenAI(t, openAIConfig(s), 0, "žluťoučký kůň úpěl")
			require.NoError(t, err)
			requireMade(t, []string{"žluť"}, vectors)
		})
	}
}

func TestOpenAINamesItsServer(t *testing.T) {
	name := func(base URL, dimensions int) string {
		return newOpenAI(OpenAIConfig{BaseURL: base, Model: "m"}, dimensions).Model()
	}
	require.Equal(t, "openai/m", name("https://api.openai.com/v1", 0))
	require.Equal(t, "openai/m", name("https://api.openai.com/v1/", 0))
	require.Equal(t, "openai/m", name("https://API.openai.com:443/v1", 0))
	require.Equal(t, "openai/m:256", name("https://api.openai.com/v1", 256))

	there := name("http://there:8080/v1", 0)
	require.Regexp(t, `^openai/m@[0-9a-f]{8}$`, there)
	for _, same := range []URL{"http://there:8080/v1/", "http://THERE:8080/v1", "http://u:sesame@there:8080/v1", "https://there:8080/v1?key=sesame"} {
		require.Equal(t, there, name(same, 0))
	}
	require.Equal(t, name("http://there:80/v1", 0), name("https://there/v1", 0))
	for _, other := range []URL{"http://there:8081/v1", "http://here:8080/v1", "http://there:8080/v2"} {
		require.NotEqual(t, there, name(other, 0))
	}
}
