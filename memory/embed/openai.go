package embed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// openAI has vectors made by a server that speaks as OpenAI's does.
type openAI struct {
	client     *client
	model      string
	dimensions int // to ask for; 0 for as many as the model makes
}

func newOpenAI(c OpenAIConfig, dimensions int) *openAI {
	return &openAI{client: newClient(c.BaseURL, c.APIKey, c.Timeout), model: strings.TrimSpace(c.Model), dimensions: dimensions}
}

// Model names the server as well, unless it is OpenAI's own: others call their
// models as they like. It does so by a hash, since an address is nobody else's
// business. The scheme does not count, nor does who logs in.
func (o *openAI) Model() string {
	name := OpenAI + "/" + o.model
	if o.dimensions > 0 {
		name += ":" + strconv.Itoa(o.dimensions)
	}
	place := placeOf(o.client.base)
	if place == placeOf(defaultOpenAI) {
		return name
	}
	sum := sha256.Sum256([]byte(place))
	return name + "@" + hex.EncodeToString(sum[:4])
}

// placeOf is the same for all ways to write the address of one server.
func placeOf(base URL) string {
	place := string(base)
	if u, err := url.Parse(base.trimmed()); err == nil {
		port := u.Port()
		if port == "" || (u.Scheme == "http" && port == "80") || (u.Scheme == "https" && port == "443") {
			place = strings.ToLower(u.Hostname()) + u.Path
		} else {
			place = strings.ToLower(u.Host) + u.Path
		}
	}
	return place
}

func (o *openAI) Close() error {
	o.client.close()
	return nil
}

// Embed asks once for all texts.
func (o *openAI) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	return shortened(texts, func(texts []string) ([][]float32, error) { return o.ask(ctx, texts) })
}

func (o *openAI) ask(ctx context.Context, texts []string) ([][]float32, error) {
	in := struct {
		Model string   `json:"model"`
		Input []string `json:"input"`
		// Not every server knows base64, which would be shorter.
		Format     string `json:"encoding_format"`
		Dimensions int    `json:"dimensions,omitempty"`
	}{o.model, texts, "float", o.dimensions}
	var out struct {
		Data []entry `json:"data"`
	}
	if err := o.client.post(ctx, "/embeddings", texts, in, &out); err != nil {
		return nil, o.explain(err)
	}
	vectors, err := inOrder(out.Data)
	if err != nil {
		return nil, err
	}
	return finish(vectors, len(texts))
}

type entry struct {
	Index     *int   `json:"index"` // some servers leave it out
	Embedding vector `json:"embedding"`
}

// inOrder puts the vectors where their indexes say, each in a place of its own.
func inOrder(data []entry) ([]vector, error) {
	vectors := make([]vector, len(data))
	taken := make([]bool, len(data))
	for i, e := range data {
		if e.Index != nil {
			i = *e.Index
		}
		if i < 0 || i >= len(data) || taken[i] {
			return nil, &failure{class: malformed, text: "the indexes of the vectors make no sense"}
		}
		vectors[i], taken[i] = e.Embedding, true
	}
	return vectors, nil
}

// explain says what to do about the failures that a user can mend.
func (o *openAI) explain(err error) error {
	switch classOf(err) {
	case unauthorized:
		return &failure{class: unauthorized, text: "the server wants another openai.api_key", cause: err}
	case modelMissing:
		return &failure{class: modelMissing, text: fmt.Sprintf("model '%s' not found", o.model), cause: err}
	case noRoute:
		return &failure{class: noRoute, text: "there are no embeddings at openai.base_url", cause: err}
	default:
		return err
	}
}
