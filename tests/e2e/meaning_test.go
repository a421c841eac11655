package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

func TestAMemoryIsFoundByItsMeaning(t *testing.T) {
	for store, settings := range stores {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			dir, env := t.TempDir(), settings(t)
			c := client.Connect(t, client.Command(t, dir, env))
			require.NoError(t, c.Initialize())
			for _, text := range []string{
				"The spare key hangs behind the boiler.", "The train to Ghent leaves at nine.", "We ate soup with leeks on Sunday.",
			} {
				_, err := c.Add(map[string]any{"text": text})
				require.NoError(t, err)
			}
			nurse, err := c.Add(map[string]any{"text": "Anna started as a nurse in May.", "wait": true})
			require.NoError(t, err)
			question := map[string]any{"query": "Who works in healthcare?"}
			first := func() string {
				hits, err := c.Search(question)
				require.NoError(t, err)
				require.NotEmpty(t, hits)
				return hits[0].ID
			}
			require.Equal(t, nurse, first(), "no word of it is in the question")

			require.NoError(t, c.CloseInput())
			c = client.Connect(t, client.Command(t, dir, env))
			require.NoError(t, c.Initialize())
			require.Equal(t, nurse, first(), "the vectors are kept")

			doctor, err := c.Add(map[string]any{"text": "Luis is a physician at the hospital.", "metadata": map[string]any{"tags": []string{"luis"}}})
			require.NoError(t, err)
			question["filters"] = map[string]any{"tags": []string{"luis"}}
			require.Eventually(t, func() bool {
				hits, err := c.Search(question)
				require.NoError(t, err)
				return len(hits) == 1 && hits[0].ID == doctor
			}, 20*time.Second, 50*time.Millisecond, "its vector comes without being waited for")
			require.NoError(t, c.CloseInput())
		})
	}
}

func TestAnEmbedderThatIsDownIsSaidAndHarmsNothing(t *testing.T) {
	c := client.Connect(t, client.Command(t, t.TempDir(), []string{"OLLAMA_BASE_URL=http://127.0.0.1:1"}))
	require.NoError(t, c.Initialize())
	id, err := c.Add(map[string]any{"text": "The spare key hangs behind the boiler."})
	require.NoError(t, err)
	r, err := c.Tool("search_memory", map[string]any{"query": "where is the spare key"})
	require.NoError(t, err)
	require.False(t, r.IsError)
	require.Contains(t, r.Text, "Searched by words only: the embedder cannot be reached.")
	var out struct {
		Note    string       `json:"note"`
		Results []client.Hit `json:"results"`
	}
	require.NoError(t, json.Unmarshal(r.Structured, &out))
	require.Equal(t, "Searched by words only: the embedder cannot be reached.", out.Note)
	require.Equal(t, id, out.Results[0].ID)
	r, err = c.Tool("search_memory", map[string]any{"query": "where is the spare key", "mode": "meaning"})
	require.NoError(t, err)
	require.Equal(t, "No results found matching your query.\nNot searched: the embedder cannot be reached.", r.Text)
	require.NoError(t, c.CloseInput())
	require.NotContains(t, c.Stderr.String(), "boiler")
}
