package embed

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
)

// ollama has vectors made by a model that Ollama runs.
type ollama struct {
	client *client
	model  string
	// single says that the server is of an age that takes one text at a time.
	single atomic.Bool
}

func newOllama(c OllamaConfig) *ollama {
	return &ollama{client: newClient(c.address(), "", c.Timeout), model: c.model()}
}

// Model is the same for all ways to write one name: Ollama fills in the
// registry, the library and the tag, and does not mind upper case.
func (o *ollama) Model() string {
	name := strings.ToLower(strings.TrimSpace(o.model))
	name = strings.TrimPrefix(name, "registry.ollama.ai/")
	name = strings.TrimPrefix(name, "library/")
	return Ollama + "/" + strings.TrimSuffix(name, ":latest")
}

func (o *ollama) Close() error {
	o.client.close()
	return nil
}

// Embed asks once for all texts. Ollama promises to cut what is too long for
// the model, and not every version of it does.
func (o *ollama) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	return shortened(texts, func(texts []string) ([][]float32, error) { return o.ask(ctx, texts) })
}

// ask takes the route for many texts, and where the server does not have it
// that for one, which came before.
func (o *ollama) ask(ctx context.Context, texts []string) ([][]float32, error) {
	if o.single.Load() {
		vectors, err := o.each(ctx, texts)
		o.single.Store(classOf(err) != noRoute) // or the server is another one by now
		return vectors, o.explain(err)
	}
	vectors, err := o.all(ctx, texts)
	if classOf(err) == noRoute {
		if vectors, err = o.each(ctx, texts); err == nil {
			o.single.Store(true)
		}
	}
	return vectors, o.explain(err)
}

func (o *ollama) all(ctx context.Context, texts []string) ([][]float32, error) {
	in := struct {
		Model string   `json:"model"`
		Input []string `json:"input"`
	}{o.model, texts}
	var out struct {
		Embeddings []vector `json:"embeddings"`
	}
	if err := o.client.post(ctx, "/api/embed", texts, in, &out); err != nil {
		return nil, err
	}
	return finish(out.Embeddings, len(texts))
}

func (o *ollama) each(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([]vector, len(texts))
	for i, text := range texts {
		in := struct {
			Model  string `json:"model"`
			Prompt string `json:"prompt"`
		}{o.model, text}
		var out struct {
			Embedding vector `json:"embedding"`
		}
		if err := o.client.post(ctx, "/api/embeddings", texts[i:i+1], in, &out); err != nil {
			return nil, err
		}
		vectors[i] = out.Embedding
	}
	return finish(vectors, len(texts))
}

// explain says what to do about the failures that a user can mend.
func (o *ollama) explain(err error) error {
	switch classOf(err) {
	case modelMissing:
		return &failure{class: modelMissing, text: fmt.Sprintf("Model '%s' not found. Run: ollama pull %s", o.model, o.model)}
	case noRoute:
		return &failure{class: noRoute, text: "there is no Ollama at ollama.base_url", cause: err}
	default:
		return err
	}
}
